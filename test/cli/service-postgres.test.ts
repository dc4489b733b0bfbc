import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import type {IngestStatus} from '../../src/api/types.ts';
import {type PostgresPeer, startPostgres} from '../peers/postgres.ts';
import {run, scratch, smallTrail} from './harness.ts';
import {killAll, serve, until} from './service-harness.ts';

const folder = scratch();
let peer: PostgresPeer | string = 'not started';

beforeAll(async () => {
  peer = await startPostgres();
  if (typeof peer === 'string') process.stderr.write(`skipped: ${peer}\n`);
});
afterAll(() => {
  killAll();
  if (typeof peer !== 'string') peer.close();
});

test('runs over PostgreSQL, waits for it while it is away, and loses nothing', async (context) => {
  if (typeof peer === 'string') return context.skip();
  const trail = await smallTrail(join(folder, 'small'), 3);
  const home = join(folder, 'home');
  mkdirSync(home);
  const config = {
    sources: [{name: 'files', type: 'directory', path: trail}],
    store: {type: 'postgres', url: peer.url},
    server: {listen: '127.0.0.1:0'},
  };
  writeFileSync(join(home, 'oddtrail.yml'), JSON.stringify(config));
  const C = ['-c', 'oddtrail.yml'];
  const checked = await run(['check', ...C, '--connect'], {cwd: home});
  expect(checked.stdout).toContain('store: postgres, 0 observations');
  const service = await serve(['run', ...C], home);
  peer.stop();
  const status = () => service.get<IngestStatus>('/status');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  peer.start();
  let before = 0;
  await until(async () => {
    // What cannot be read from the store meanwhile is answered 503.
    const now = await status().catch(() => undefined);
    if (now === undefined || now.waitingEntries > 0 || now.store.state !== 'ok') return false;
    const calm = now.observations > 0 && now.observations === before;
    before = now.observations;
    return calm && now.sources.every(({state}) => state === 'waiting');
  }, 60_000);
  const scored = await run(['score', trail, '--format', 'jsonl', '-q']);
  expect(before).toBe(scored.stdout.trim().split('\n').length);
  expect((await service.stop()).code, service.said()).toBe(0);
}, 180_000);
