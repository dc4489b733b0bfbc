import type {OutboxEntry, OutboxRow} from '../../pipeline/store.ts';
import {mergeRevision, type OutboxState} from '../outbox.ts';
import type {Database, Session, Value} from './database.ts';
import {type Fragment, raw, sql} from './statement.ts';

const COLUMNS = raw(
  'number, destination, delivery, news_since, created_at, state, attempts, next_at, sent_at, last_error',
);

/** With the number by which the outbox is paged: the order in which alerts were first written. */
export interface NumberedState extends OutboxState {
  readonly number: number;
}

export async function readOutbox(
  database: Pick<Database | Session, 'rows'>,
  rest: Fragment,
): Promise<NumberedState[]> {
  return (await database.rows(sql`SELECT ${COLUMNS} FROM outbox ${rest}`)).map(toState);
}

export async function findDelivery(
  session: Session,
  destination: string,
  id: string,
): Promise<NumberedState | undefined> {
  const condition = sql`WHERE destination = ${destination} AND id = ${id}`;
  return (await readOutbox(session, condition))[0];
}

/** Adds new alerts; later revisions take the place of what there is. */
export async function mergeDeliveries(
  session: Session,
  entries: readonly OutboxEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const states = new Map<string, {before: NumberedState | undefined; after: OutboxState}>();
  for (const entry of entries) {
    const {destination, delivery} = entry;
    const key = JSON.stringify([destination, delivery.id]);
    const known = states.get(key);
    const before = known ? known.before : await findDelivery(session, destination, delivery.id);
    states.set(key, {before, after: mergeRevision(known?.after ?? before, entry)});
  }
  const [[last] = []] = await session.rows(sql`SELECT max(number) FROM outbox`);
  let number = Number(last ?? 0);
  for (const {before, after} of states.values()) {
    if (before === undefined) {
      const {row} = after;
      number++;
      await session.run(sql`INSERT INTO outbox VALUES (${number}, ${row.destination},
        ${row.delivery.id}, ${row.delivery.revision}, ${JSON.stringify(row.delivery)},
        ${JSON.stringify(after.newsSince)}, ${row.createdAt}, ${row.state}, ${row.attempts},
        ${row.nextAt}, ${row.sentAt}, ${row.lastError})`);
    } else if (after !== before) {
      await updateDelivery(session, after);
    }
  }
}

export async function updateDelivery(
  session: Session,
  {row, newsSince}: OutboxState,
): Promise<void> {
  await session.run(sql`UPDATE outbox SET revision = ${row.delivery.revision},
    delivery = ${JSON.stringify(row.delivery)}, news_since = ${JSON.stringify(newsSince)},
    created_at = ${row.createdAt}, state = ${row.state}, attempts = ${row.attempts},
    next_at = ${row.nextAt}, sent_at = ${row.sentAt}, last_error = ${row.lastError}
    WHERE destination = ${row.destination} AND id = ${row.delivery.id}`);
}

function toState(values: Value[]): NumberedState {
  const [
    number,
    destination,
    delivery,
    newsSince,
    createdAt,
    state,
    attempts,
    nextAt,
    sentAt,
    error,
  ] = values;
  return {
    number: Number(number),
    row: {
      destination: String(destination),
      delivery: JSON.parse(String(delivery)),
      createdAt: Number(createdAt),
      state: String(state) as OutboxRow['state'],
      attempts: Number(attempts),
      nextAt: Number(nextAt),
      sentAt: sentAt === null || sentAt === undefined ? null : Number(sentAt),
      lastError: String(error),
    },
    newsSince: JSON.parse(String(newsSince)),
  };
}
