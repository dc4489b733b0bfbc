import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll} from 'vitest';
import {storeContract} from '../../test/contract/store.ts';
import {openDuckDbStore} from './duckdb.ts';

const folder = mkdtempSync(join(tmpdir(), 'oddtrail-duckdb-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

let files = 0;
storeContract('duckdb', async () => {
  const path = join(folder, `${files++}.duckdb`);
  return () => openDuckDbStore({path, memoryLimit: '512MB', threads: 2, summarizedAtOnce: 20});
});
