import type {PageData, ReportEvent, TimeRange} from './data.ts';
import type {Points} from './points.ts';

/** What the analyst asked to see. */
export interface Query {
  /** Words that must all occur in an event, in any of its fields, in lower case. */
  readonly words: readonly string[];
  /** Index of the only principal wanted, or -1. */
  readonly principal: number;
  /** The stretch of time that the plot shows. */
  readonly range: TimeRange;
}

export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** Everything a top event can be found by, in lower case. */
export function searchText(data: PageData, event: ReportEvent): string {
  const principal = data.principals[event.principal];
  const {eventId, account, region, network, userAgent, error, resource, reason, origin} = event;
  const operation = data.operations[event.operation];
  const fields = [eventId, account, region, network, userAgent, error, resource, reason, origin];
  return [principal?.name, principal?.display, operation, ...fields].join('\n').toLowerCase();
}

/**
 * Which points the query is about, or undefined when it is about all. A point without an
 * explanation is known by its principal and operation alone.
 */
export function matchPoints(
  data: PageData,
  points: Points,
  texts: readonly string[],
  {words, principal}: Query,
): Uint8Array | undefined {
  if (words.length === 0 && principal < 0) return undefined;
  const names = data.principals.map(({name, display}) => `${name}\n${display}`.toLowerCase());
  const operations = data.operations.map((name) => name.toLowerCase());
  const inTop = texts.map((text) => words.every((word) => text.includes(word)));
  const inNames = words.map((word) => names.map((name) => name.includes(word)));
  const inOperations = words.map((word) => operations.map((name) => name.includes(word)));

  const matches = new Uint8Array(points.count);
  for (let i = 0; i < points.count; i++) {
    const who = points.principal[i] ?? 0;
    if (principal >= 0 && who !== principal) continue;
    const top = points.explanation[i] ?? -1;
    const what = points.operation[i] ?? 0;
    const matching =
      top >= 0
        ? inTop[top]
        : words.every((_, word) => inNames[word]?.[who] || inOperations[word]?.[what]);
    if (matching) matches[i] = 1;
  }
  return matches;
}
