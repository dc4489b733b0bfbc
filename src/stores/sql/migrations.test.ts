import {createHash} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DuckDBInstance} from '@duckdb/node-api';
import {expect, test} from 'vitest';
import {openDuckDbStore} from '../duckdb.ts';
import {DUCKDB_MIGRATIONS, type Migration, POSTGRES_MIGRATIONS} from './migrations.ts';

/** Of the steps that were released. They never change: add a step, and its sum here. */
const FROZEN = {
  duckdb: ['6c2dd5a7c8d509cd', 'f99e10cc58884824', '63ed9d7678953f13', 'b246d9c40dfe2ca9'],
  postgres: ['93f6a528e2382629', '8452ac1f3c7d96a3', 'a2ca947646f7adf0', '338a58cc40f00722'],
};

function sums(migrations: readonly Migration[]): string[] {
  return migrations.map(({statements}) =>
    createHash('sha256').update(statements.join(';\n')).digest('hex').slice(0, 16),
  );
}

test('migrations are frozen, and numbered from 1', () => {
  expect({duckdb: sums(DUCKDB_MIGRATIONS), postgres: sums(POSTGRES_MIGRATIONS)}).toEqual(FROZEN);
  for (const migrations of [DUCKDB_MIGRATIONS, POSTGRES_MIGRATIONS]) {
    expect(migrations.map(({number}) => number)).toEqual(migrations.map((_, i) => i + 1));
  }
});

test('a store of a newer version is refused, and left as it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oddtrail-migrations-'));
  const path = join(folder, 'newer.duckdb');
  try {
    await (await openDuckDbStore({path})).close();
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    const newer = DUCKDB_MIGRATIONS.length + 1;
    await connection.run(`INSERT INTO schema_version VALUES (${newer})`);
    connection.closeSync();
    instance.closeSync();
    await expect(openDuckDbStore({path})).rejects.toMatchObject({
      code: 'store_unavailable',
      retryable: false,
      message: `Cannot use store "${path}": its schema is ${newer}, this build knows 1 to ${newer - 1}`,
    });
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
});
