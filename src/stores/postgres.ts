import type {Store} from '../pipeline/store.ts';
import {PostgresDatabase, type PostgresOptions} from './postgres/database.ts';
import {migrate} from './sql/migrate.ts';
import {POSTGRES_MIGRATIONS} from './sql/migrations.ts';
import {SqlStore} from './sql/store.ts';

/**
 * The store on a PostgreSQL server. Any number of processes may read it, and keep tokens and
 * settings; the first to commit is the only one to do so until it is gone.
 * @throws {AppError} `store_unavailable`; retryable while the server cannot be reached.
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const database = new PostgresDatabase(options);
  try {
    await migrate(database, POSTGRES_MIGRATIONS, database.place);
    const store = new SqlStore(database, options.summarizedAtOnce);
    await store.load();
    return store;
  } catch (error) {
    await database.close();
    throw error;
  }
}
