import {AppError} from '../../base/errors.ts';
import type {Database} from './database.ts';
import type {Migration} from './migrations.ts';
import {raw, sql} from './statement.ts';

/**
 * Brings a database to the schema of this build, each step as a whole.
 * @throws {AppError} `store_unavailable` when a newer build has written it.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  place: string,
): Promise<void> {
  await database.transaction((session) =>
    session.run(raw('CREATE TABLE IF NOT EXISTS schema_version (number INTEGER NOT NULL)')),
  );
  const [[found] = []] = await database.rows(sql`SELECT max(number) FROM schema_version`);
  const version = Number(found ?? 0);
  const known = migrations.length;
  if (version > known) {
    throw new AppError(
      'store_unavailable',
      `Cannot use store "${place}": its schema is ${version}, this build knows 1 to ${known}`,
    );
  }
  for (const {number, statements} of migrations.slice(version)) {
    await database.transaction(async (session) => {
      for (const statement of statements) await session.run(raw(statement));
      await session.run(sql`INSERT INTO schema_version VALUES (${number})`);
    });
  }
}
