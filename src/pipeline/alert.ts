/** One observation as an alert tells it. */
export interface AlertItem {
  /** 0 where it is not known: what a detection remembers is the event. */
  readonly observationId: number;
  readonly eventId: string;
  /** Epoch milliseconds. */
  readonly eventTime: number;
  readonly score: number;
  readonly operation: string;
  readonly service: string;
  readonly account: string;
  readonly region: string;
  readonly network: string;
  readonly userAgent: string;
  readonly resource: string;
  readonly error: string;
  readonly mostNovel: {
    readonly facet: string;
    readonly value: string;
    readonly bits: number;
  } | null;
  /** Why, in one sentence. */
  readonly reason: string;
}

/** The declared detection that an alert comes from. */
export interface AlertDetection {
  readonly id: string;
  readonly kind: string;
  readonly severity: 'informational' | 'low' | 'medium' | 'high' | 'critical';
  readonly description: string;
  /** ATT&CK ids. */
  readonly techniques: readonly string[];
  readonly runbook: readonly string[];
  readonly references: readonly string[];
  /** What it found, by name: a count, a decoy, an account. */
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * What is told to one destination: a principal's observations over the destination's threshold
 * within an hour, or a match of a declared detection. It is sent once and then updated, never
 * repeated.
 */
export interface Alert {
  /** `dedup_key`: the same for all that belongs together; ≤ 255 characters. */
  readonly key: string;
  readonly context: string;
  readonly principal: string;
  readonly account: string;
  /** The highest score so far. */
  readonly score: number;
  readonly severity: 'critical' | 'error' | 'warning' | 'info';
  /** One line: who, what, how novel. */
  readonly title: string;
  /** Newest last; the first 20 of them. */
  readonly items: readonly AlertItem[];
  /** Observations in all. */
  readonly count: number;
  /** Event times, epoch milliseconds. */
  readonly firstTime: number;
  readonly lastTime: number;
  /** Deep link to the principal's page or the observation; "" without a public address. */
  readonly link: string;
  /** Made by `alerts test`. */
  readonly test: boolean;
  /** Of matches alone. */
  readonly detection?: AlertDetection | undefined;
}

/** One delivery of an alert: the first, or an update of it. */
export interface Delivery {
  /** Id in the outbox; the same for every attempt, and with `revision` the idempotency key. */
  readonly id: string;
  /** 1 for the first, then ascending. */
  readonly revision: number;
  readonly alert: Alert;
  /** Items that were not in what was delivered before. */
  readonly news: readonly AlertItem[];
}

export type DeliveryResult =
  | {readonly ok: true; readonly status: string}
  /** The destination may take it later; `afterMs` is its `Retry-After`. */
  | {readonly ok: false; readonly retry: true; readonly reason: string; readonly afterMs?: number}
  /** It never will: a dead letter. */
  | {readonly ok: false; readonly retry: false; readonly reason: string};

/**
 * Where alerts go; one file per kind in `src/alerts`. An alerter keeps nothing: the outbox decides
 * what is sent when, and whether again.
 */
export interface Alerter {
  readonly name: string;
  /** Lowest score that is told here. */
  readonly minScore: number;
  /**
   * Makes one attempt. Never throws for what the destination does; gives up after its time limit.
   * Must be safe to repeat: the destination may have taken an attempt that looked lost.
   */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<DeliveryResult>;
  close(): Promise<void>;
}
