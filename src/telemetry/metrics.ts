import {Counter, collectDefaultMetrics, Gauge, Histogram, Registry} from 'prom-client';

/** What the service says of itself when it is asked for its numbers. */
export interface Readings {
  readonly ready: boolean;
  readonly learning: boolean;
  readonly eventsPerSecond: number;
  readonly lagSeconds: number | undefined;
  readonly waitingEntries: number;
  readonly storeUp: boolean;
  readonly storeFailures: number;
  readonly storeBytes: number;
  readonly journalBytes: number;
  readonly journalEntries: number;
  readonly modelBytes: number;
  readonly snapshotBytes: number;
  readonly snapshotAgeSeconds: number | undefined;
  readonly streamReaders: number;
  /** Conditions of detections that could not be decided since the start. */
  readonly detectionFailures: number;
  /** By reason, from closed sets. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
  /** By the names in the configuration. */
  readonly sources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly state: string;
    readonly records: number;
    readonly bytes: number;
    readonly backlog: number | undefined;
  }[];
}

const DURATIONS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SCORES = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1];

/**
 * The numbers for Prometheus. Every label comes from a closed set: routes as declared, classes of
 * status, names of the configuration, reasons; nothing from a record or a request.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Histogram<'method' | 'route' | 'status'>;
  readonly #scores: Histogram<'context'>;
  readonly #refused: Counter<'reason'>;
  readonly #matches: Counter<'severity' | 'mode'>;
  readonly #storeFailures: Counter;
  #storeFailuresTold = 0;
  readonly #gauges = new Map<string, Gauge>();

  constructor(options: {readonly process?: boolean} = {}) {
    const registers = [this.registry];
    if (options.process ?? true) collectDefaultMetrics({register: this.registry});
    this.#requests = new Histogram({
      name: 'oddtrail_http_request_duration_seconds',
      help: 'Time to the head of the answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: DURATIONS,
      registers,
    });
    this.#scores = new Histogram({
      name: 'oddtrail_score',
      help: 'Novelty of the observations that were stored.',
      labelNames: ['context'],
      buckets: SCORES,
      registers,
    });
    this.#refused = new Counter({
      name: 'oddtrail_http_refused_total',
      help: 'Requests that were refused, by the code of the problem.',
      labelNames: ['reason'],
      registers,
    });
    this.#matches = new Counter({
      name: 'oddtrail_matches_total',
      help: 'Matches of declared detections that were stored.',
      labelNames: ['severity', 'mode'],
      registers,
    });
    this.#storeFailures = new Counter({
      name: 'oddtrail_store_failures_total',
      help: 'Attempts to store that failed; each is made again.',
      registers,
    });
  }

  request(method: string, route: string, status: number, seconds: number): void {
    const known = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'].includes(method) ? method : 'other';
    const labels = {method: known, route, status: `${Math.floor(status / 100)}xx`};
    this.#requests.observe(labels, seconds);
  }

  refused(reason: string): void {
    this.#refused.inc({reason});
  }

  scored(context: string, score: number): void {
    this.#scores.observe({context}, score);
  }

  /** A match that was not there before. */
  matched(severity: string, mode: string): void {
    this.#matches.inc({severity, mode});
  }

  /** @returns the page for Prometheus. */
  async page(readings: Readings): Promise<string> {
    const set = (name: string, help: string, value: number | undefined) => {
      if (value !== undefined) this.#gauge(name, help, []).set(value);
    };
    set('oddtrail_ready', '1 when it takes and scores events.', readings.ready ? 1 : 0);
    set('oddtrail_learning', '1 while it learns and sends no alert.', readings.learning ? 1 : 0);
    set('oddtrail_events_per_second', 'Events scored a second, lately.', readings.eventsPerSecond);
    set('oddtrail_lag_seconds', 'Age of the latest event.', readings.lagSeconds);
    set('oddtrail_waiting_entries', 'Journal entries not yet stored.', readings.waitingEntries);
    set('oddtrail_store_up', '1 when the store answers.', readings.storeUp ? 1 : 0);
    this.#storeFailed(readings.storeFailures);
    set('oddtrail_store_bytes', 'Size of the store.', readings.storeBytes);
    set('oddtrail_journal_bytes', 'Size of the journal.', readings.journalBytes);
    set('oddtrail_journal_entries', 'Entries in the journal.', readings.journalEntries);
    set('oddtrail_model_bytes', 'Memory of the model.', readings.modelBytes);
    set('oddtrail_snapshot_bytes', 'Size of the latest snapshot.', readings.snapshotBytes);
    set('oddtrail_snapshot_age_seconds', 'Age of the latest one.', readings.snapshotAgeSeconds);
    set('oddtrail_stream_readers', 'Readers of the live stream.', readings.streamReaders);
    set(
      'oddtrail_detection_failures',
      'Conditions of detections that could not be decided since the start.',
      readings.detectionFailures,
    );
    const by = (name: string, help: string, counts: Readonly<Record<string, number>>) => {
      const gauge = this.#gauge(name, help, ['reason']);
      for (const [reason, value] of Object.entries(counts)) gauge.set({reason}, value);
    };
    by('oddtrail_rejected', 'Records set aside since the start.', readings.rejected);
    by('oddtrail_dropped', 'Records left out on purpose.', readings.dropped);
    const labels = ['source', 'kind'];
    const records = this.#gauge('oddtrail_source_records', 'Records read.', labels);
    const bytes = this.#gauge('oddtrail_source_bytes', 'Bytes read.', labels);
    const backlog = this.#gauge('oddtrail_source_backlog', 'Objects known to wait.', labels);
    const up = this.#gauge('oddtrail_source_up', '0 when it failed or is retried.', labels);
    for (const source of readings.sources) {
      const of = {source: source.name, kind: source.kind};
      records.set(of, source.records);
      bytes.set(of, source.bytes);
      if (source.backlog !== undefined) backlog.set(of, source.backlog);
      up.set(of, source.state === 'failed' || source.state === 'retrying' ? 0 : 1);
    }
    return this.registry.metrics();
  }

  #storeFailed(total: number): void {
    this.#storeFailures.inc(Math.max(0, total - this.#storeFailuresTold));
    this.#storeFailuresTold = total;
  }

  #gauge(name: string, help: string, labelNames: string[]): Gauge {
    let gauge = this.#gauges.get(name);
    if (gauge === undefined) {
      gauge = new Gauge({name, help, labelNames, registers: [this.registry]});
      this.#gauges.set(name, gauge);
    }
    return gauge;
  }
}
