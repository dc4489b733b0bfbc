import {once} from 'node:events';
import {createServer} from 'node:net';
import pg from 'pg';
import {afterAll, expect, test} from 'vitest';
import {storeContract} from '../../test/contract/store.ts';
import {startPostgres} from '../../test/peers/postgres.ts';
import {entryOf, rowsBefore} from '../../test/stores/entries.ts';
import {openPostgresStore} from './postgres.ts';

const peer = await startPostgres();

if (typeof peer === 'string') {
  test(`postgres`, (context) => context.skip(peer));
} else {
  afterAll(() => peer.close());

  let databases = 0;
  const freshUrl = async (): Promise<string> => {
    const name = `store_${databases++}`;
    const client = new pg.Client({connectionString: peer.url});
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return peer.url.replace(/postgres$/, name);
  };

  storeContract('postgres', async () => {
    const url = await freshUrl();
    return () => openPostgresStore({url, summarizedAtOnce: 20});
  });

  test('a second process may read and keep tokens, but not commit', async () => {
    const url = await freshUrl();
    const one = await openPostgresStore({url});
    const two = await openPostgresStore({url});
    await one.commit(entryOf(1));
    await expect(two.commit(entryOf(2))).rejects.toMatchObject({
      code: 'store_unavailable',
      retryable: true,
      message: expect.stringMatching(/another process writes it/),
    });
    expect(await two.count({})).toBe(rowsBefore(2));
    await two.putSetting('from', 'two');
    expect(await one.setting('from')).toBe('two');
    await one.commit(entryOf(2));
    await one.close();
    // What was committed by the other one is not committed again.
    await two.commit(entryOf(2));
    await two.commit(entryOf(3));
    expect(await two.head()).toEqual({entry: 3, lastId: rowsBefore(4)});
    expect(await two.count({})).toBe(rowsBefore(4));
    await two.close();
  });

  test('a server that dies takes nothing with it, and the store goes on', async () => {
    const url = await freshUrl();
    const store = await openPostgresStore({url});
    for (let entry = 1; entry <= 3; entry++) await store.commit(entryOf(entry));
    const dying = store.commit(entryOf(9 * 4)).then(
      () => 'done',
      (error: unknown) => error,
    );
    peer.stop();
    const outcome = await dying;
    if (outcome !== 'done')
      expect(outcome).toMatchObject({code: 'store_unavailable', retryable: true});
    await expect(store.head()).rejects.toMatchObject({code: 'store_unavailable', retryable: true});
    await expect(store.commit(entryOf(4))).rejects.toMatchObject({code: 'store_unavailable'});
    peer.start();
    const {entry} = await store.head();
    expect(entry).toBe(outcome === 'done' ? 36 : entry === 36 ? 36 : 3);
    if (entry === 3) {
      for (let e = 4; e <= 9; e++) await store.commit(entryOf(e));
      expect(await store.head()).toEqual({entry: 9, lastId: rowsBefore(10)});
      expect(await store.count({})).toBe(rowsBefore(10));
    }
    await store.close();
  });

  test('a wrong password or database is told at once, without the secret', async () => {
    const url = peer.url.replace('oddtrail@', 'nobody:s3cret@').replace(/postgres$/, 'none');
    const error = await openPostgresStore({url}).catch((e: unknown) => e);
    expect(error).toMatchObject({code: 'store_unavailable', retryable: false});
    expect(String(error)).not.toContain('s3cret');
  });

  test('asks for no option of the connection, which a pooler would refuse', async () => {
    const told: string[] = [];
    const server = createServer((socket) => {
      socket.once('data', (bytes) => {
        told.push(bytes.toString('latin1'));
        socket.destroy();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const {port} = server.address() as {port: number};
    await expect(
      openPostgresStore({url: `postgres://oddtrail@127.0.0.1:${port}/postgres`}),
    ).rejects.toMatchObject({code: 'store_unavailable', retryable: true});
    server.close();
    expect(told[0]).toContain('database');
    expect(told.join()).not.toContain('options');
  });

  test('a server that is not there is unavailable for now', async () => {
    await expect(
      openPostgresStore({url: 'postgres://oddtrail@127.0.0.1:1/postgres'}),
    ).rejects.toMatchObject({code: 'store_unavailable', retryable: true});
  });
}
