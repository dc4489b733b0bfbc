/**
 * What a report shows. Types only: the node side fills a `ReportData`, `renderReport` packs its
 * points, and the page reads a `PageData`. Times are epoch milliseconds. Every string may come from
 * a log, so it is hostile: it is only ever shown as text.
 */
export interface ReportData {
  readonly title: string;
  /** When the report was made; left out where the same input must give the same bytes. */
  readonly generatedAt?: number;
  /** First and last event; both 0 when there are none. */
  readonly range: TimeRange;
  readonly totals: ReportTotals;
  /** Scores where somebody is told (the chat channel) and where somebody is woken. */
  readonly thresholds: readonly [number, number];
  readonly points: ReportPoints;
  /** In any order; the points and the top events refer to them by index. */
  readonly principals: readonly ReportPrincipal[];
  /** Operation names, as in `ec2:CreateSnapshot`; referred to by index. */
  readonly operations: readonly string[];
  /** The most novel events with their explanations, in any order. */
  readonly top: readonly ReportEvent[];
  /** One entry for each day that has events, in order. */
  readonly days: readonly ReportDay[];
}

export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

export interface ReportTotals {
  /** Events scored, drawn or not. */
  readonly events: number;
  readonly files: number;
  readonly principals: number;
  readonly accounts: number;
  /** Events at or over each of the two thresholds. */
  readonly over95: number;
  readonly over99: number;
  /** Faulty records set aside, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Records left out on purpose, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** The plot, one column per property, all of one length; up to 500 000 points. */
export interface ReportPoints {
  readonly time: ArrayLike<number>;
  /** In [0, 1]. */
  readonly score: ArrayLike<number>;
  /** Index into `principals`. */
  readonly principal: ArrayLike<number>;
  /** Index into `operations`. */
  readonly operation: ArrayLike<number>;
  /** Index into `top`, or -1. */
  readonly explanation: ArrayLike<number>;
  /** Set when low scores were thinned out, so that the page can say so. */
  readonly leftOut?: LeftOut;
}

export interface LeftOut {
  /** How many events are not drawn. */
  readonly count: number;
  /** All of them score below this. */
  readonly below: number;
}

export interface ReportPrincipal {
  /** The stable name, as in `123456789012:user/raul`. */
  readonly name: string;
  /** What people call it, as in `raul`. */
  readonly display: string;
  readonly kind: string;
  readonly account: string;
  readonly events: number;
  readonly maxScore: number;
  readonly over95: number;
  readonly over99: number;
  readonly first: number;
  readonly last: number;
}

export interface ReportEvent {
  readonly eventId: string;
  readonly time: number;
  readonly score: number;
  /** Index into `principals`. */
  readonly principal: number;
  /** Index into `operations`. */
  readonly operation: number;
  readonly account: string;
  readonly region: string;
  readonly network: string;
  readonly userAgent: string;
  readonly error: string;
  readonly resource: string;
  /** The explanation in one sentence. */
  readonly reason: string;
  /** Who its credentials were issued to at first, through a chain of roles, if somebody else. */
  readonly origin?: string;
  /** The same in words, where it is worth a reader's attention. */
  readonly chain?: string;
  readonly facets: readonly ReportFacet[];
  /** Where the record lies: a file or object, and its place in it, from 0. */
  readonly source: {readonly file: string; readonly index: number};
  /** The record as logged. */
  readonly record?: unknown;
}

export interface ReportFacet {
  readonly name: string;
  readonly value: string;
  /** Information content. */
  readonly bits: number;
  /** Part of the event's score that is due to this facet, in [0, 1]. */
  readonly share: number;
  /** The nearest history that knows the value: `self`, `peer`, `kind`, …, `everyone` or `never`. */
  readonly knownAt: string;
  /** What this principal does instead, commonest first. */
  readonly usual: readonly {readonly value: string; readonly share: number}[];
  /** What the principal's own history holds, decayed. */
  readonly counts?: FacetCounts;
}

export interface FacetCounts {
  /** Occurrences of anything. */
  readonly total: number;
  /** Distinct values. */
  readonly distinct: number;
  /** Occurrences of this value. */
  readonly value: number;
}

export interface ReportDay {
  /** Its first millisecond. */
  readonly time: number;
  readonly events: number;
  readonly over95: number;
  readonly over99: number;
  readonly maxScore: number;
}

/** `ReportData` as it stands in the page: the same, with packed points. */
export interface PageData extends Omit<ReportData, 'points'> {
  readonly points: PackedPoints;
}

/** Little-endian columns in base64, in order of time. */
export interface PackedPoints {
  readonly count: number;
  /** Seconds since `range.from`, `Uint32`. */
  readonly seconds: string;
  /** `Float32`. */
  readonly score: string;
  /** `Uint32`. */
  readonly principal: string;
  /** `Uint16` or `Uint32`. */
  readonly operation: string;
  readonly operationBytes: 2 | 4;
  /** Pairs of a point and its top event: the column is sparse. */
  readonly explained: readonly (readonly [number, number])[];
  readonly leftOut?: LeftOut;
}
