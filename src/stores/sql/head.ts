import {AppError} from '../../base/errors.ts';
import type {Database, Session, Value} from './database.ts';
import {sql} from './statement.ts';

/** What was stored last, and how much there is: kept in one row, so that asking costs nothing. */
export interface Head {
  readonly entry: number;
  readonly lastId: number;
  readonly observations: number;
  readonly details: number;
  readonly deadLetters: number;
  readonly lastDeadLetter: number;
  /** Observations up to this id are counted in the summaries. */
  readonly summarized: number;
}

export const EMPTY_HEAD: Head = {
  entry: 0,
  lastId: 0,
  observations: 0,
  details: 0,
  deadLetters: 0,
  lastDeadLetter: 0,
  summarized: 0,
};

const QUERY = sql`SELECT entry, last_id, observations, details, dead_letters, last_dead_letter,
  summarized FROM head`;

export async function readHead(database: Pick<Database | Session, 'rows'>): Promise<Head> {
  const [row = []] = await database.rows(QUERY);
  const [entry, lastId, observations, details, deadLetters, lastDeadLetter, summarized] =
    row.map(toNumber);
  return {
    entry: entry ?? 0,
    lastId: lastId ?? 0,
    observations: observations ?? 0,
    details: details ?? 0,
    deadLetters: deadLetters ?? 0,
    lastDeadLetter: lastDeadLetter ?? 0,
    summarized: summarized ?? 0,
  };
}

/** Moves the head on. Nobody else may have done so meanwhile. */
export async function writeHead(session: Session, before: Head, head: Head): Promise<void> {
  const changed = await session.run(sql`UPDATE head SET entry = ${head.entry},
    last_id = ${head.lastId}, observations = ${head.observations}, details = ${head.details},
    dead_letters = ${head.deadLetters}, last_dead_letter = ${head.lastDeadLetter},
    summarized = ${head.summarized}
    WHERE entry = ${before.entry}`);
  if (changed === 1) return;
  throw new AppError('store_unavailable', 'Cannot write the store: another process writes it', {
    retryable: true,
  });
}

function toNumber(value: Value): number {
  return Number(value);
}
