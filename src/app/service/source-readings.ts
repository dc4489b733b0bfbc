import type {IngestStatus} from '../../api/types.ts';
import {AppError, messageOf} from '../../base/errors.ts';
import type {Source, SourceBatch} from '../../pipeline/source.ts';
import {wait} from '../../sources/wait.ts';
import type {JournalLane} from '../../stores/journal.ts';
import {FIRST_DELAY_MS, jitter, MAX_DELAY_MS} from './backoff.ts';
import type {FlowBudget} from './budget.ts';
import type {EngineCounts, Entry} from './entries.ts';
import type {IngestLog} from './ingest-log.ts';

type SourceStatus = IngestStatus['sources'][number];

export interface ReadingOptions {
  /** Room for what is on its way. */
  readonly budget: FlowBudget;
  /** Makes an entry safe; `release` gives back its room once it is stored. */
  readonly append: (
    entry: Entry,
    payloads: readonly Uint8Array[],
    lane: JournalLane,
    release: () => void,
  ) => Promise<unknown>;
  /** Whether ingesting has ended for good. */
  readonly ended: () => boolean;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: IngestLog;
  /** What is to be told on the page of health, by what it is about. */
  readonly warnings: Map<string, string>;
}

interface Reading {
  readonly source: Source;
  readonly stream: string;
  readonly stop: AbortController;
  done: Promise<void>;
  state: 'starting' | 'running' | 'retrying' | 'finished' | 'failed';
  detail: string;
  inFlight: Set<Promise<void>>;
}

/** Batches of one source on their way to the journal. */
const MAX_UNSAFE = 64;

/**
 * Pulls from all sources at once, as far as there is room, and acknowledges what is safe. A source
 * that fails is read again from its last safe position, later each time.
 */
export class SourceReadings {
  readonly #options: ReadingOptions;
  readonly #readings = new Map<string, Reading>();
  #positions = new Map<string, unknown>();
  /** What each source read when it came as far as its position. */
  #identities = new Map<string, string>();

  constructor(options: ReadingOptions) {
    this.#options = options;
  }

  /** Positions that an earlier process came to, unless they are known. */
  resume(
    positions: Readonly<Record<string, unknown>>,
    identities: Readonly<Record<string, string>>,
  ): void {
    if (this.#positions.size > 0) return;
    this.#positions = new Map(Object.entries(positions));
    this.#identities = new Map(Object.entries(identities));
  }

  /** Takes over the position of an entry that is gone through again before its source is read. */
  goThrough({source, position, identity}: Extract<Entry, {kind: 'batch'}>): void {
    if (this.#readings.has(source)) return;
    this.#positions.set(source, position);
    if (identity !== undefined) this.#identities.set(source, identity);
  }

  /** Reads a further source from now on. */
  add(source: Source, stream: string): void {
    const reading: Reading = {
      source,
      stream,
      stop: new AbortController(),
      done: Promise.resolve(),
      state: 'starting',
      detail: '',
      inFlight: new Set(),
    };
    this.#readings.set(source.name, reading);
    this.#compareIdentity(source);
    reading.done = this.#read(reading);
  }

  /** Reads a source no more; what it has handed over is kept. Does not close it. */
  async remove(name: string): Promise<void> {
    const reading = this.#readings.get(name);
    reading?.stop.abort();
    await reading?.done;
    this.#readings.delete(name);
  }

  /** Tells all sources to end; `finished` waits for them. */
  abort(): void {
    for (const {stop} of this.#readings.values()) stop.abort();
  }

  /** Waits until every source has ended, by itself, by a failure or as it was told. */
  async finished(): Promise<void> {
    await Promise.all([...this.#readings.values()].map(({done}) => done));
  }

  /** How far a source has come: `waiting` once all that it had is safe. */
  state(name: string): SourceStatus['state'] {
    const reading = this.#readings.get(name);
    if (reading === undefined) return 'finished';
    const {state} = this.#statusOf(reading, undefined);
    return reading.inFlight.size > 0 && state === 'waiting' ? 'reading' : state;
  }

  /**
   * Whether every source has handed over all that it had, as far as it knows. What one that is
   * behind, or cannot be reached, still has is of the past: were time to go on without it, alarms
   * would take it for missing, and for late when it comes. One that has failed for good is not
   * waited for.
   */
  get isCaughtUp(): boolean {
    return [...this.#readings.values()].every((reading) => {
      const {state} = this.#statusOf(reading, undefined);
      return ['waiting', 'finished', 'failed'].includes(state) && reading.inFlight.size === 0;
    });
  }

  status(counts: EngineCounts['sources']): SourceStatus[] {
    return [...this.#readings.values()].map((reading) =>
      this.#statusOf(reading, counts[reading.source.name]),
    );
  }

  #statusOf(
    {source, state, detail}: Reading,
    counts: EngineCounts['sources'][string] | undefined,
  ): SourceStatus {
    const own = source.status();
    const paused = state === 'running' && this.#options.budget.full;
    return {
      name: source.name,
      kind: source.kind,
      state: paused ? 'paused' : state === 'running' ? own.state : state,
      detail: paused ? 'Waiting for the store' : detail === '' ? own.detail : detail,
      backlog: own.backlog ?? null,
      records: counts?.records ?? 0,
      bytes: counts?.bytes ?? 0,
      latestEventTime: counts?.latestEventTime ?? null,
      latestArrival: counts?.latestArrival ?? null,
    };
  }

  /** A position means nothing in another place: that is read from its beginning. */
  #compareIdentity({name, identity}: Source): void {
    const {log, warnings} = this.#options;
    const key = `source ${name}`;
    warnings.delete(key);
    const before = this.#identities.get(name);
    if (before === undefined || identity === undefined || before === identity) return;
    const message =
      `Source "${name}" read ${before} before, and is configured to read ${identity} now: that is ` +
      'read from its beginning. If it is the same under another name, its latest events are ' +
      'recognised, older ones come twice';
    warnings.set(key, message);
    log('warn', message, {source: name});
    this.#positions.delete(name);
    this.#identities.delete(name);
  }

  async #read(reading: Reading): Promise<void> {
    const {budget, ended, log} = this.#options;
    const {source, stop} = reading;
    const {name} = source;
    let delay = FIRST_DELAY_MS;
    while (!stop.signal.aborted && !ended()) {
      const lane: JournalLane & {error?: unknown} = {failed: false};
      const over = new AbortController();
      const signal = AbortSignal.any([stop.signal, over.signal]);
      let retry: string | undefined;
      try {
        reading.state = 'running';
        reading.detail = '';
        for await (const batch of source.read(this.#positions.get(name), signal)) {
          const {payloads} = batch;
          const bytes = payloads.reduce((sum, each) => sum + each.bytes.length, 0);
          const release = await budget.acquire(bytes, signal);
          if (release === undefined || lane.failed) {
            release?.();
            await batch.nack?.(new AppError('interrupted', 'Ingesting was stopped'));
            break;
          }
          const task: Promise<void> = this.#hand(reading, batch, lane, release)
            .then(
              () => {
                delay = FIRST_DELAY_MS;
              },
              (error: unknown) => {
                lane.error ??= error;
                over.abort();
              },
            )
            .finally(() => reading.inFlight.delete(task));
          reading.inFlight.add(task);
          if (reading.inFlight.size >= MAX_UNSAFE) await Promise.race(reading.inFlight);
        }
        if (lane.error !== undefined) throw lane.error;
        if (!stop.signal.aborted) {
          await Promise.all(reading.inFlight);
          if (lane.error !== undefined) throw lane.error;
          reading.state = 'finished';
          log('info', `Source "${name}" has ended`, {source: name});
          return;
        }
      } catch (error) {
        const message = messageOf(error);
        if (stop.signal.aborted) break;
        if (error instanceof AppError && !error.retryable) {
          reading.state = 'failed';
          reading.detail = message;
          log('error', `Source "${name}" failed: ${message}`, {source: name});
          return;
        }
        retry = message;
      } finally {
        await Promise.all(reading.inFlight);
      }
      if (retry === undefined) continue;
      reading.state = 'retrying';
      reading.detail = retry;
      log('warn', `Source "${name}": ${retry}`, {source: name, retryIn: delay});
      await wait(jitter(delay), stop.signal);
      delay = Math.min(delay * 2, MAX_DELAY_MS);
    }
    if (reading.state !== 'failed') reading.state = 'finished';
  }

  /** Makes a batch safe, and acknowledges it. */
  async #hand(
    {source, stream}: Reading,
    batch: SourceBatch,
    lane: JournalLane,
    release: () => void,
  ): Promise<void> {
    const {append, log, now} = this.#options;
    const {payloads, position, poison = []} = batch;
    const entry: Entry = {
      kind: 'batch',
      source: source.name,
      stream,
      position,
      ...(source.identity !== undefined && {identity: source.identity}),
      arrived: now(),
      names: payloads.map(({name}) => name),
      poison,
    };
    try {
      await append(
        entry,
        payloads.map(({bytes}) => bytes),
        lane,
        release,
      );
      this.#positions.set(source.name, position);
      if (source.identity !== undefined) this.#identities.set(source.name, source.identity);
    } catch (error) {
      release();
      await batch.nack?.(error);
      throw error;
    }
    try {
      await batch.ack();
    } catch (error) {
      const message = messageOf(error);
      log('warn', `Source "${source.name}" could not acknowledge: ${message}`);
    }
  }
}
