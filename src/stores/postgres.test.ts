import pg from 'pg';
import {afterAll, test} from 'vitest';
import {storeContract} from '../../test/contract/store.ts';
import {startPostgres} from '../../test/peers/postgres.ts';
import {openPostgresStore} from './postgres.ts';

const peer = await startPostgres();

if (typeof peer === 'string') {
  test.skip(`postgres: ${peer}`, () => {});
} else {
  afterAll(() => peer.close());

  let databases = 0;
  storeContract('postgres', async () => {
    const name = `store_${databases++}`;
    const client = new pg.Client({connectionString: peer.url});
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return () => openPostgresStore({url: peer.url.replace(/postgres$/, name)});
  });
}
