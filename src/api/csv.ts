import {DIMENSIONS} from '../pipeline/observation.ts';
import type {ObservationFilter, Store, StoredObservation} from '../pipeline/store.ts';

const COLUMNS = [
  'id',
  'time',
  'score',
  'bits',
  'context',
  ...DIMENSIONS,
  'mostNovelFacet',
  'mostNovelValue',
  'eventId',
  'source',
  'object',
  'reason',
] as const;

const PAGE = 1_000;

/**
 * A cell that no spreadsheet takes for a formula: what could begin one gets an apostrophe before it
 * (OWASP, "CSV Injection"). The lone "-" of an absent value begins nothing.
 */
export function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const risky =
    value !== '-' && /^[\s\p{Cc}\ufeff]*[=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]/u.test(value);
  const safe = risky ? `'${value}` : value;
  return /[",;\t\r\n\u2028\u2029']/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function line(row: StoredObservation): string {
  return [
    row.id,
    new Date(row.eventTime).toISOString(),
    row.score,
    row.raised,
    row.context,
    ...DIMENSIONS.map((name) => row.dimensions[name]),
    row.mostNovel?.facet ?? '',
    row.mostNovel?.value ?? '',
    row.eventId,
    row.source,
    row.object,
    row.reason ?? '',
  ]
    .map(cell)
    .join(',');
}

/** Observations as CSV (RFC 4180), read from the store page by page as the reader takes them. */
export function csvOf(
  store: Store,
  filter: ObservationFilter,
  order: 'time' | 'score' | 'id',
  most: number,
  onError: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let cursor: string | undefined;
  let left = most;
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(`${COLUMNS.join(',')}\r\n`)),
    pull: async (controller) => {
      try {
        const {rows, next} = await store.observations(filter, {
          order,
          limit: Math.min(PAGE, left),
          cursor,
        });
        left -= rows.length;
        if (rows.length > 0) {
          controller.enqueue(encoder.encode(rows.map((row) => `${line(row)}\r\n`).join('')));
        }
        cursor = next ?? undefined;
        if (cursor === undefined || left <= 0 || rows.length === 0) controller.close();
      } catch (error) {
        // Half a file must not look like a whole one: the connection breaks.
        onError(error);
        controller.error(new Error('The export was cut short'));
      }
    },
  });
}
