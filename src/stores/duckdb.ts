import type {Store} from '../pipeline/store.ts';
import {DuckDbDatabase, type DuckDbOptions} from './duckdb/database.ts';
import {migrate} from './sql/migrate.ts';
import {DUCKDB_MIGRATIONS} from './sql/migrations.ts';
import {SqlStore} from './sql/store.ts';

/**
 * The store built in: one file, opened by one process.
 * @throws {AppError} `store_unavailable`; retryable while another process has it open.
 */
export async function openDuckDbStore(options: DuckDbOptions): Promise<Store> {
  const database = new DuckDbDatabase(options);
  try {
    await database.open();
    await migrate(database, DUCKDB_MIGRATIONS, options.path);
    const store = new SqlStore(database, options.summarizedAtOnce);
    await store.load();
    return store;
  } catch (error) {
    await database.close();
    throw error;
  }
}
