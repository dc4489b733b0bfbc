import type {Commit} from '../../src/pipeline/store.ts';
import {delivery} from '../contract/deliveries.ts';
import {type TestBatch, toCommit} from '../contract/store-rows.ts';

/** Rows of the entries before one: what an entry holds follows from its number alone. */
export function rowsBefore(entry: number): number {
  let rows = 0;
  for (let e = 1; e < entry; e++) rows += rowsOf(e);
  return rows;
}

function rowsOf(entry: number): number {
  return entry % 9 === 0 ? 6_000 : 400;
}

export function batchOf(entry: number): TestBatch {
  const firstId = rowsBefore(entry) + 1;
  const rows = Array.from({length: rowsOf(entry)}, (_, i) => ({
    dimensions: {principal: `p${entry}-${i % 50}`, resource: `r${firstId + i}`},
    ...(i % 10 === 0 ? {eventId: `text ${firstId + i}`} : {}),
  }));
  return {firstId, rows, context: `c${entry % 3}`, facets: ['a', `f${Math.floor(entry / 20)}`]};
}

export function entryOf(entry: number): Commit {
  const batch = batchOf(entry);
  return toCommit(entry, [batch], {
    details: [{id: batch.firstId, reason: `why ${entry}`, explanation: '{}', record: null}],
    deadLetters: [
      {
        at: entry,
        source: 's',
        object: 'o',
        reason: 'truncated',
        index: entry,
        offset: 0,
        length: 0,
        detail: `letter ${entry}`,
      },
    ],
    // One alert that every entry adds to, and one of its own.
    deliveries: [delivery('slack', 'all', entry), delivery('slack', `of ${entry}`, 1)],
  });
}
