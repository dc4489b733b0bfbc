import type {Store} from '../../pipeline/store.ts';
import type {Database, Session} from './database.ts';
import {removeDetections} from './detection-tables.ts';
import {readHead, writeHead} from './head.ts';
import {dictionaryTable, TEXT_COLUMNS} from './schema.ts';
import {type Fragment, raw, sql} from './statement.ts';

/** Room left free below the limit, so that not every call has something to remove. */
const ROOM = 0.9;
/** Bytes are known only after the fact; so often is it tried. */
const ROUNDS = 6;
const LEAST_GAIN = 0.99;
/** From this share of details on that were removed, those left are written anew. */
const REWRITE_FROM = 0.1;

/** Removes what policy no longer keeps; rows removed. */
export async function retain(
  database: Database,
  policy: Parameters<Store['retain']>[0],
): Promise<number> {
  let removed = await removeOlder(database, policy.observationsBefore, policy.detailsBefore);
  if (removed > 0) await database.compact();
  if (policy.maxBytes !== undefined) {
    let before = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = await database.bytes();
      // If removing rows frees nothing, removing all of them is no answer.
      if (bytes <= policy.maxBytes || bytes > before * LEAST_GAIN) break;
      before = bytes;
      const gone = await removeShare(database, 1 - (policy.maxBytes * ROOM) / bytes);
      if (gone === 0) break;
      removed += gone;
      await database.compact();
    }
  }
  return removed;
}

async function removeOlder(
  database: Database,
  observationsBefore: number,
  detailsBefore: number,
): Promise<number> {
  return await database.transaction(async (session) => {
    const details = await session.run(
      sql`DELETE FROM details WHERE id IN (SELECT id FROM observations
        WHERE event_time < ${Math.max(observationsBefore, detailsBefore)})`,
    );
    await session.run(
      sql`DELETE FROM outbox WHERE state <> 'waiting' AND created_at < ${observationsBefore}`,
    );
    const letters = await session.run(
      sql`DELETE FROM dead_letters WHERE noted_at < ${observationsBefore}`,
    );
    const rows = await removeObservations(session, sql`event_time < ${observationsBefore}`);
    const detections = await removeDetections(session, observationsBefore);
    await count(session, rows, details, letters);
    return rows + details + letters + detections;
  });
}

/** Removes a share of all rows: those scored first. */
async function removeShare(database: Database, share: number): Promise<number> {
  return await database.transaction(async (session) => {
    const {observations} = await readHead(session);
    const [row] = await session.rows(
      sql`SELECT id FROM observations ORDER BY id LIMIT 1 OFFSET ${Math.ceil(observations * share)}`,
    );
    const first = row === undefined ? Number.MAX_SAFE_INTEGER : Number(row[0]);
    const details = await session.run(sql`DELETE FROM details WHERE id < ${first}`);
    const rows = await removeObservations(session, sql`id < ${first}`);
    const [[letters] = []] = await session.rows(sql`SELECT count(*) FROM dead_letters`);
    const [[oldest] = []] = await session.rows(sql`SELECT min(id) FROM dead_letters`);
    const upTo = Number(oldest ?? 0) + Math.ceil(Number(letters) * share);
    const lettersGone = await session.run(sql`DELETE FROM dead_letters WHERE id < ${upTo}`);
    await count(session, rows, details, lettersGone);
    return rows + details + lettersGone;
  });
}

async function removeObservations(session: Session, condition: Fragment): Promise<number> {
  await session.run(
    sql`DELETE FROM event_texts WHERE id IN (SELECT id FROM observations WHERE ${condition})`,
  );
  const rows = await session.run(sql`DELETE FROM observations WHERE ${condition}`);
  if (rows === 0) return 0;
  // Texts that no row has any more; the greatest id stays, for ids are never given twice.
  for (const column of TEXT_COLUMNS) {
    const table = raw(dictionaryTable(column));
    await session.run(sql`DELETE FROM ${table} WHERE id < (SELECT max(id) FROM ${table})
      AND id NOT IN (SELECT ${raw(column)} FROM observations)`);
  }
  return rows;
}

async function count(
  session: Session,
  observations: number,
  details: number,
  deadLetters: number,
): Promise<void> {
  if (observations + details + deadLetters === 0) return;
  const head = await readHead(session);
  if (details >= head.details * REWRITE_FROM) await session.rewrite('details');
  await writeHead(session, head, {
    ...head,
    observations: head.observations - observations,
    details: head.details - details,
    deadLetters: head.deadLetters - deadLetters,
  });
}
