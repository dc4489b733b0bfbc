import type {Delivery} from './alert.ts';
import type {DetectionRows, DetectionStore} from './detections.ts';
import type {DeadLetter, Dimension, ObservationBatch, ObservationDetail} from './observation.ts';

/**
 * What one journal entry, or several in a row, led to. It is stored as a whole or not at all, so
 * that after a crash the store holds exactly what entries up to `head().entry` led to.
 */
export interface Commit {
  /** Number of the last of these entries; above `head().entry`, else the commit changes nothing. */
  readonly entry: number;
  readonly observations: readonly ObservationBatch[];
  readonly details: readonly ObservationDetail[];
  readonly deadLetters: readonly DeadLetter[];
  /**
   * Alerts to be sent: new ones, and later revisions of those there are. A revision of what still
   * waits takes its place, with the news of both; of what was sent it waits anew, not before its
   * `nextAt`; of what is dead, at once.
   */
  readonly deliveries: readonly OutboxEntry[];
  /** What declared detections gave, where there are any. */
  readonly detections?: DetectionRows | undefined;
}

export interface OutboxEntry {
  readonly destination: string;
  readonly delivery: Delivery;
  readonly createdAt: number;
}

/** A delivery on its way, and what became of it. */
export interface OutboxRow extends OutboxEntry {
  readonly state: 'waiting' | 'sent' | 'dead';
  readonly attempts: number;
  /** Not to be tried before; epoch milliseconds. */
  readonly nextAt: number;
  readonly sentAt: number | null;
  readonly lastError: string;
}

export interface ObservationFilter {
  /** Event time, epoch milliseconds: from inclusive, to exclusive. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly minScore?: number | undefined;
  readonly maxScore?: number | undefined;
  readonly context?: string | undefined;
  /** Exact values by dimension. */
  readonly dimensions?: Readonly<Partial<Record<Dimension, string>>>;
  /** Case-insensitive part of any dimension, of the most novel value, or the whole event id. */
  readonly text?: string | undefined;
  /** Only ids after this one. */
  readonly afterId?: number | undefined;
}

export interface Page {
  /** `time`: newest event first; `score`: most novel first; `id`: in order of scoring. */
  readonly order: 'time' | 'score' | 'id';
  readonly limit: number;
  /** As `next` of the page before gave it. */
  readonly cursor?: string | undefined;
}

/** A row as read back. */
export interface StoredObservation {
  readonly id: number;
  readonly context: string;
  readonly eventId: string;
  readonly eventTime: number;
  readonly arrived: number;
  readonly dimensions: Readonly<Record<Dimension, string>>;
  readonly score: number;
  readonly raised: number;
  readonly bits: Readonly<Record<string, number>>;
  readonly mostNovel: {
    readonly facet: string;
    readonly value: string;
    readonly bits: number;
  } | null;
  readonly source: string;
  readonly object: string;
  readonly index: number;
  readonly offset: number;
  readonly length: number;
  /** Where a detail was kept. */
  readonly reason: string | null;
}

/** Points of the plot, in columns; `truncated` when the filter holds more than were asked for. */
export interface PlotPoints {
  readonly ids: number[];
  readonly times: number[];
  readonly scores: number[];
  /** Index into `groups`. */
  readonly group: number[];
  readonly groups: string[];
  readonly total: number;
  /** When there were more than asked for, the most novel of each stretch of time are kept. */
  readonly truncated: boolean;
}

export interface PrincipalRow {
  readonly principal: string;
  readonly kind: string;
  readonly events: number;
  readonly maxScore: number;
  readonly over95: number;
  readonly over99: number;
  readonly firstTime: number;
  readonly lastTime: number;
}

export interface AuditRow {
  readonly id: number;
  readonly at: number;
  /** Token, user or "cli". */
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  /** JSON; never a secret. */
  readonly detail: string;
}

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string;
  readonly scope: 'read' | 'write' | 'admin';
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

export interface StoreSize {
  readonly bytes: number;
  readonly observations: number;
  readonly details: number;
  readonly deadLetters: number;
}

/**
 * Where rows are kept; one file per kind in `src/stores`. Calls may come at any time and overlap;
 * commits come one after the other. Throws `AppError` `store_unavailable` (retryable) when the
 * world is at fault: locked, full, gone.
 *
 * Invariant: a commit is all there or not there at all, also after the process was killed in it.
 */
export interface Store {
  readonly kind: string;
  /** Entry and id last stored; 0 and 0 when empty. */
  head(): Promise<{readonly entry: number; readonly lastId: number}>;
  commit(commit: Commit): Promise<void>;
  /** What commits brought of declared detections. */
  readonly detections: DetectionStore;

  observations(
    filter: ObservationFilter,
    page: Page,
  ): Promise<{readonly rows: StoredObservation[]; readonly next: string | null}>;
  count(filter: ObservationFilter): Promise<number>;
  observation(id: number): Promise<StoredObservation | undefined>;
  /** The event may have been scored in several contexts. */
  byEventId(eventId: string): Promise<StoredObservation[]>;
  detail(id: number): Promise<ObservationDetail | undefined>;
  /** The principal's observations around one of them, in order of event time, itself included. */
  around(id: number, before: number, after: number): Promise<StoredObservation[]>;
  /** At most `limit` points (≤ 200,000), coloured by a dimension. */
  plot(filter: ObservationFilter, colour: Dimension, limit: number): Promise<PlotPoints>;
  /**
   * Events and highest score by equal stretches of time. Where these are an hour or longer, an event
   * may count as of the beginning of its minute.
   */
  timeline(
    filter: ObservationFilter,
    stretches: number,
  ): Promise<{
    readonly from: number;
    readonly to: number;
    readonly events: number[];
    readonly maxScore: number[];
  }>;
  principals(
    filter: ObservationFilter,
    page: {
      readonly order: 'score' | 'events' | 'recent';
      readonly limit: number;
      readonly cursor?: string | undefined;
    },
  ): Promise<{readonly rows: PrincipalRow[]; readonly next: string | null}>;
  /** Commonest values of a dimension, for the filters of the pages. */
  values(dimension: Dimension, prefix: string, limit: number): Promise<string[]>;

  deadLetters(page: {readonly limit: number; readonly cursor?: string | undefined}): Promise<{
    readonly rows: (DeadLetter & {readonly id: number})[];
    readonly next: string | null;
  }>;
  /** By reason. */
  deadLetterCounts(): Promise<Readonly<Record<string, number>>>;

  /** Deliveries due by now, oldest first; of one destination, or of all. */
  due(now: number, limit: number, destination?: string): Promise<OutboxRow[]>;
  /** What became of an attempt. */
  settle(
    destination: string,
    id: string,
    revision: number,
    outcome: Pick<OutboxRow, 'state' | 'attempts' | 'nextAt' | 'sentAt' | 'lastError'>,
  ): Promise<void>;
  deliveries(page: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly destination?: string | undefined;
    readonly state?: OutboxRow['state'] | undefined;
  }): Promise<{
    readonly rows: OutboxRow[];
    readonly next: string | null;
  }>;
  /** Dead deliveries are tried again; how many there were. */
  replayDead(destination: string | undefined, now: number): Promise<number>;

  audit(entry: Omit<AuditRow, 'id'>): Promise<void>;
  audited(page: {
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{readonly rows: AuditRow[]; readonly next: string | null}>;

  tokens(): Promise<TokenRow[]>;
  /** Adds a token or takes its place; what was revoked stays so. */
  putToken(token: TokenRow): Promise<void>;

  /** Small things by name: JSON. */
  setting(key: string): Promise<string | undefined>;
  putSetting(key: string, value: string): Promise<void>;

  /** Removes what policy no longer keeps; rows removed. */
  retain(policy: {
    readonly observationsBefore: number;
    readonly detailsBefore: number;
    readonly maxBytes: number | undefined;
  }): Promise<number>;
  size(): Promise<StoreSize>;
  close(): Promise<void>;
}
