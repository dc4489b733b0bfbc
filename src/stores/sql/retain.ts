import type {Store} from '../../pipeline/store.ts';
import type {Database, Session} from './database.ts';
import {removeDetections, removeShareOfDetections} from './detection-tables.ts';
import {readHead, writeHead} from './head.ts';
import {dictionaryTable, TEXT_COLUMNS} from './schema.ts';
import {type Fragment, raw, sql} from './statement.ts';
import {resummarize} from './summaries.ts';

/** Room left free below the limit, so that not every call has something to remove. */
const ROOM = 0.9;
/** Bytes are known only after the fact; so often is it tried. */
const ROUNDS = 6;
const LEAST_GAIN = 0.99;
/** From this share of details on that were removed, those left are written anew. */
const REWRITE_FROM = 0.1;

export interface Removed {
  /** All rows that policy told to remove. */
  readonly rows: number;
  /** Of which there are observations. */
  readonly observations: number;
  /** Texts that no row had any more. */
  readonly texts: number;
}

/** Removes what policy no longer keeps. */
export async function retain(
  database: Database,
  policy: Parameters<Store['retain']>[0],
): Promise<Removed> {
  let removed = await removeOlder(database, policy.observationsBefore, policy.detailsBefore);
  if (removed.rows > 0) await database.compact();
  if (policy.maxBytes !== undefined) {
    let before = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = await database.bytes();
      // If removing rows frees nothing, removing all of them is no answer.
      if (bytes <= policy.maxBytes || bytes > before * LEAST_GAIN) break;
      before = bytes;
      const gone = await removeShare(database, 1 - (policy.maxBytes * ROOM) / bytes);
      if (gone.rows === 0) break;
      removed = {
        rows: removed.rows + gone.rows,
        observations: removed.observations + gone.observations,
        texts: removed.texts + gone.texts,
      };
      await database.compact();
    }
  }
  return removed;
}

async function removeOlder(
  database: Database,
  observationsBefore: number,
  detailsBefore: number,
): Promise<Removed> {
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
    const gone = await removeObservations(session, sql`event_time < ${observationsBefore}`);
    const detections = await removeDetections(session, observationsBefore);
    await count(session, gone.observations, details, letters);
    if (gone.observations > 0) {
      const {summarized} = await readHead(session);
      await resummarize(database, session, observationsBefore - 1, summarized);
    }
    return {...gone, rows: gone.observations + details + letters + detections};
  });
}

/** Removes a share of all rows: those scored first; of what detections gave, what ended first. */
async function removeShare(database: Database, share: number): Promise<Removed> {
  return await database.transaction(async (session) => {
    const {observations, summarized} = await readHead(session);
    const [row] = await session.rows(
      sql`SELECT id FROM observations ORDER BY id LIMIT 1 OFFSET ${Math.ceil(observations * share)}`,
    );
    const first = row === undefined ? Number.MAX_SAFE_INTEGER : Number(row[0]);
    const details = await session.run(sql`DELETE FROM details WHERE id < ${first}`);
    const [[latest] = []] = await session.rows(
      sql`SELECT max(event_time) FROM observations WHERE id < ${first}`,
    );
    const gone = await removeObservations(session, sql`id < ${first}`);
    if (gone.observations > 0) {
      await resummarize(database, session, Number(latest), summarized);
    }
    const [[letters] = []] = await session.rows(sql`SELECT count(*) FROM dead_letters`);
    const [[oldest] = []] = await session.rows(sql`SELECT min(id) FROM dead_letters`);
    const upTo = Number(oldest ?? 0) + Math.ceil(Number(letters) * share);
    const lettersGone = await session.run(sql`DELETE FROM dead_letters WHERE id < ${upTo}`);
    const detections = await removeShareOfDetections(session, share, REWRITE_FROM);
    await count(session, gone.observations, details, lettersGone);
    return {...gone, rows: gone.observations + details + lettersGone + detections};
  });
}

async function removeObservations(
  session: Session,
  condition: Fragment,
): Promise<Omit<Removed, 'rows'>> {
  await session.run(
    sql`DELETE FROM event_texts WHERE id IN (SELECT id FROM observations WHERE ${condition})`,
  );
  const observations = await session.run(sql`DELETE FROM observations WHERE ${condition}`);
  let texts = 0;
  if (observations === 0) return {observations, texts};
  // Texts that no row has any more; the greatest id stays, for ids are never given twice.
  for (const column of TEXT_COLUMNS) {
    const table = raw(dictionaryTable(column));
    texts += await session.run(sql`DELETE FROM ${table} WHERE id < (SELECT max(id) FROM ${table})
      AND id NOT IN (SELECT ${raw(column)} FROM observations)`);
  }
  return {observations, texts};
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
