import type {AlertItem, Delivery} from '../pipeline/alert.ts';
import type {OutboxEntry, OutboxRow} from '../pipeline/store.ts';

/** A row of the outbox, and since which revision each item of its news has waited. */
export interface OutboxState {
  readonly row: OutboxRow;
  /** By item of `delivery.news`. */
  readonly newsSince: readonly number[];
}

/** News kept until they are told; of more, the latest. */
const MOST_NEWS = 100;

/**
 * What a later revision makes of a row. The engine remembers a bounded number of alerts and counts
 * from one again what it had forgotten: the numbers of a row go on all the same.
 */
export function mergeRevision(before: OutboxState | undefined, entry: OutboxEntry): OutboxState {
  if (before === undefined) {
    const {delivery} = entry;
    return {
      row: {
        ...entry,
        state: 'waiting',
        attempts: 0,
        nextAt: entry.createdAt,
        sentAt: null,
        lastError: '',
      },
      newsSince: delivery.news.map(() => delivery.revision),
    };
  }
  const {row} = before;
  const revision = Math.max(entry.delivery.revision, row.delivery.revision + 1);
  const delivery = {...entry.delivery, revision};
  // What was sent has told its news; what waits or is dead has not.
  const told = row.state === 'sent';
  const merged = told
    ? {news: [...delivery.news], since: delivery.news.map(() => delivery.revision)}
    : mergeNews(before, delivery);
  // Who was just told is not told again at once: what was sent says when the next may follow.
  const nextAt = told ? Math.max(entry.createdAt, row.nextAt) : entry.createdAt;
  const anew = row.state === 'waiting' ? {} : {attempts: 0, nextAt, lastError: ''};
  return {
    row: {...row, ...anew, state: 'waiting', delivery: {...delivery, news: merged.news}},
    newsSince: merged.since,
  };
}

function mergeNews(
  {row, newsSince}: OutboxState,
  delivery: Delivery,
): {news: AlertItem[]; since: number[]} {
  const known = new Set(row.delivery.news.map((item) => item.observationId));
  const added = delivery.news.filter((item) => !known.has(item.observationId));
  return {
    news: [...row.delivery.news, ...added].slice(-MOST_NEWS),
    since: [...newsSince, ...added.map(() => delivery.revision)].slice(-MOST_NEWS),
  };
}

type Attempt = Pick<OutboxRow, 'state' | 'attempts' | 'nextAt' | 'sentAt' | 'lastError'>;

/**
 * What an attempt at a revision makes of a row. If a later revision has come meanwhile, that one
 * goes on waiting, without the news that the attempt has told.
 */
export function settleAttempt(
  before: OutboxState,
  revision: number,
  outcome: Attempt,
): OutboxState {
  const {row, newsSince} = before;
  const latest = row.delivery.revision;
  if (revision > latest) return before;
  if (revision === latest) return {row: {...row, ...outcome}, newsSince};
  if (row.state !== 'waiting') return before;
  if (outcome.state !== 'sent') {
    return {
      row: {
        ...row,
        attempts: outcome.attempts,
        nextAt: outcome.nextAt,
        lastError: outcome.lastError,
      },
      newsSince,
    };
  }
  const left = newsSince.flatMap((since, i) => (since > revision ? [i] : []));
  const news = left.flatMap((i) => row.delivery.news[i] ?? []);
  return {
    row: {
      ...row,
      attempts: 0,
      nextAt: outcome.nextAt,
      sentAt: outcome.sentAt,
      lastError: '',
      delivery: {...row.delivery, news},
    },
    newsSince: left.map((i) => newsSince[i] ?? latest),
  };
}
