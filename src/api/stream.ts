import type {LiveObservation} from '../pipeline/live-feed.ts';
import type {Dimension} from '../pipeline/observation.ts';
import type {ObservationFilter} from '../pipeline/store.ts';
import type {Service} from './service.ts';

/** Which observations a reader of the stream wants. */
export interface StreamFilter {
  readonly minScore: number | undefined;
  readonly context: string | undefined;
  readonly dimensions: Readonly<Partial<Record<Dimension, string>>>;
}

export interface StreamOptions {
  /** Between two batches. */
  readonly batchMs?: number;
  readonly statusMs?: number;
  /** Readers at a time. */
  readonly maxReaders?: number;
  /** Bytes that may wait for a reader before the feed leaves it behind. */
  readonly bufferBytes?: number;
  /**
   * A reader is sent away after so long, and comes back by itself: it is then asked anew who it is.
   */
  readonly maxAgeMs?: number;
}

/** Rows of one event of the stream while a reader catches up. */
const CATCH_UP_ROWS = 1_000;

/** Between two events that tell of detections. */
const NEWS_MS = 1_000;

/**
 * The live stream as server-sent events. What is new is collected for a moment, made into text once
 * and given to every reader who keeps up. A reader who does not is left behind, costs nothing, and
 * catches up by id, from the feed or the store, once there is room again; so does one who comes back
 * with the id it saw last.
 *
 * Invariant: each reader gets every id of its filter after the one it began at, once, ascending.
 */
export class ObservationStream {
  readonly #service: Service;
  readonly #options: Required<StreamOptions>;
  readonly #readers = new Set<Reader>();
  readonly #encoder = new TextEncoder();
  readonly #onError: (error: unknown) => void;
  #waiting: LiveObservation[] = [];
  /** What detections found since they were last told of. */
  #news = {matches: 0, alarmChanges: 0, episodes: 0};
  #newsAt = Number.NEGATIVE_INFINITY;
  /** Every reader who keeps up has seen all up to here. */
  #lastId = 0;
  #stop: (() => void) | undefined;

  constructor(
    service: Service,
    options: StreamOptions = {},
    onError: (error: unknown) => void = () => {},
  ) {
    this.#service = service;
    this.#onError = onError;
    this.#options = {
      batchMs: options.batchMs ?? 100,
      statusMs: options.statusMs ?? 2_000,
      maxReaders: options.maxReaders ?? 1_000,
      bufferBytes: options.bufferBytes ?? 1 << 20,
      maxAgeMs: options.maxAgeMs ?? Number.POSITIVE_INFINITY,
    };
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** A body for one reader; undefined when there are too many of them. */
  open(filter: StreamFilter, after: number | undefined): ReadableStream<Uint8Array> | undefined {
    if (this.#readers.size >= this.#options.maxReaders) return undefined;
    if (this.#stop === undefined) this.#start();
    const reader = new Reader(filter);
    this.#readers.add(reader);
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          reader.controller = controller;
          reader.push(this.#encoder.encode('retry: 2000\n\n'));
        },
        pull: async () => {
          try {
            await this.#begin(reader, after);
            await this.#catchUp(reader);
          } catch (error) {
            // The browser comes back by itself, with the id it saw last.
            this.#onError(error);
            this.#leave(reader);
            reader.end();
          }
        },
        cancel: () => this.#leave(reader),
      },
      {highWaterMark: this.#options.bufferBytes, size: (chunk) => chunk?.byteLength ?? 0},
    );
  }

  /** Ends every reader's stream. */
  close(): void {
    for (const reader of [...this.#readers]) {
      this.#leave(reader);
      reader.end();
    }
  }

  #start(): void {
    this.#lastId = this.#service.live.lastId;
    const unsubscribe = this.#service.live.subscribe((batch) => {
      for (const each of batch) this.#waiting.push(each);
    });
    const endNews = this.#service.live.onNews((news) => {
      this.#news.matches += news.matches.length;
      this.#news.alarmChanges += news.alarmChanges.length;
      this.#news.episodes += news.episodes.length;
    });
    const flush = setInterval(() => {
      this.#flush();
      this.#tellNews();
    }, this.#options.batchMs);
    const status = setInterval(() => void this.#tellStatus(), this.#options.statusMs);
    this.#stop = () => {
      unsubscribe();
      endNews();
      clearInterval(flush);
      clearInterval(status);
      this.#waiting = [];
      this.#news = {matches: 0, alarmChanges: 0, episodes: 0};
      this.#stop = undefined;
    };
  }

  #leave(reader: Reader): void {
    reader.state = 'gone';
    this.#readers.delete(reader);
    if (this.#readers.size === 0) this.#stop?.();
  }

  #flush(): void {
    const rows = this.#waiting;
    const last = rows.at(-1);
    if (last === undefined) return;
    this.#waiting = [];
    this.#lastId = last.id;
    const chunks = new Map<string, Uint8Array | undefined>();
    for (const reader of this.#readers) {
      if (reader.state !== 'live') continue;
      if (reader.full) {
        reader.state = 'behind';
        continue;
      }
      if ((rows[0]?.id ?? 0) <= reader.lastId) {
        // Who just caught up from the store has some of it already.
        const rest = rows.filter((row) => row.id > reader.lastId && reader.wants(row));
        reader.push(this.#chunk(rest));
        reader.lastId = Math.max(reader.lastId, last.id);
        continue;
      }
      // The same text serves all who ask for the same.
      if (!chunks.has(reader.key)) {
        chunks.set(reader.key, this.#chunk(reader.plain ? rows : rows.filter(reader.wants)));
      }
      const chunk = chunks.get(reader.key);
      if (chunk !== undefined) reader.push(chunk);
      reader.lastId = last.id;
    }
  }

  /** That there is something new of detections: whoever shows them asks again. It has no id. */
  #tellNews(): void {
    const {matches, alarmChanges, episodes} = this.#news;
    const now = performance.now();
    if (matches + alarmChanges + episodes === 0 || now - this.#newsAt < NEWS_MS) return;
    this.#newsAt = now;
    this.#news = {matches: 0, alarmChanges: 0, episodes: 0};
    const data = JSON.stringify({matches, alarmChanges, episodes});
    const chunk = this.#encoder.encode(`event: detections\ndata: ${data}\n\n`);
    for (const reader of this.#readers) if (!reader.full) reader.push(chunk);
  }

  async #tellStatus(): Promise<void> {
    const oldest = performance.now() - this.#options.maxAgeMs;
    for (const reader of [...this.#readers]) {
      if (reader.openedAt > oldest) continue;
      this.#leave(reader);
      reader.end();
    }
    const readers = [...this.#readers].filter((reader) => !reader.full);
    if (readers.length === 0) return;
    const data = await this.#service.status().then(
      (status) => JSON.stringify(status),
      // The stream stays; whoever wants to know why asks for the status itself.
      () => undefined,
    );
    const text = data === undefined ? ':\n\n' : `event: status\ndata: ${data}\n\n`;
    const shared = this.#encoder.encode(text);
    for (const reader of readers) {
      if (reader.state === 'gone') continue;
      // The id alone moves the place from which a reader with a narrow filter would come back.
      if (reader.lastId !== reader.toldId) {
        reader.push(this.#encoder.encode(`id: ${reader.lastId}\n\n`));
        reader.toldId = reader.lastId;
      }
      reader.push(shared);
    }
  }

  /** Where a reader starts: after what it saw last, else with what comes from now on. */
  async #begin(reader: Reader, after: number | undefined): Promise<void> {
    if (reader.state !== 'new') return;
    const head = async () => Math.max(this.#lastId, (await this.#service.store.head()).lastId);
    if (after === undefined) {
      reader.lastId = this.#lastId > 0 ? this.#lastId : await head();
    } else {
      // An id from before the store was emptied lies ahead of all there is.
      reader.lastId = after <= this.#lastId ? after : Math.min(after, await head());
    }
    if (reader.state === 'new') reader.state = 'behind';
  }

  /** Hands a reader what it lacks until it has all, or there is no more room. */
  async #catchUp(reader: Reader): Promise<void> {
    while (reader.state === 'behind' && !reader.full) {
      const {live} = this.#service;
      // An empty feed says nothing: the process may have been started anew over a full store.
      const recent = live.oldestId === 0 ? undefined : live.after(reader.lastId);
      if (recent === undefined) {
        // Before the question: what the feed drops while it is answered may not be in the answer.
        const oldest = live.oldestId;
        const {rows} = await this.#service.store.observations(
          {...storeFilter(reader.filter), afterId: reader.lastId},
          {order: 'id', limit: CATCH_UP_ROWS},
        );
        if (this.#isGone(reader)) return;
        const last = rows.at(-1);
        if (last !== undefined) {
          reader.push(this.#chunk(rows.map(withoutBits)));
          reader.lastId = last.id;
          continue;
        }
        if (live.oldestId === 0) {
          this.#join(reader);
          return;
        }
        // What lies between is kept nowhere any more, or of no interest.
        reader.lastId = Math.max(reader.lastId, oldest - 1);
        continue;
      }
      const rows = recent.slice(0, CATCH_UP_ROWS).filter((row) => row.id <= this.#lastId);
      const last = rows.at(-1);
      if (last === undefined) {
        this.#join(reader);
        return;
      }
      reader.push(this.#chunk(rows.filter(reader.wants)));
      reader.lastId = last.id;
    }
  }

  #isGone(reader: Reader): boolean {
    return reader.state === 'gone';
  }

  #join(reader: Reader): void {
    reader.state = 'live';
  }

  /** One event; undefined for no rows. */
  #chunk(rows: readonly LiveObservation[]): Uint8Array | undefined {
    const last = rows.at(-1);
    if (last === undefined) return undefined;
    return this.#encoder.encode(
      `id: ${last.id}\nevent: observations\ndata: ${JSON.stringify(rows)}\n\n`,
    );
  }
}

class Reader {
  readonly filter: StreamFilter;
  /** Nothing is left out. */
  readonly plain: boolean;
  /** The same for readers who want the same. */
  readonly key: string;
  controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  state: 'new' | 'behind' | 'live' | 'gone' = 'new';
  readonly openedAt = performance.now();
  /** The stream has come to here, for this reader. */
  lastId = 0;
  toldId = 0;

  constructor(filter: StreamFilter) {
    this.filter = filter;
    this.plain =
      filter.minScore === undefined &&
      filter.context === undefined &&
      Object.keys(filter.dimensions).length === 0;
    this.key = this.plain ? '' : JSON.stringify(filter);
  }

  get full(): boolean {
    return (this.controller?.desiredSize ?? 0) <= 0;
  }

  readonly wants = (row: LiveObservation): boolean => {
    const {minScore, context, dimensions} = this.filter;
    if (minScore !== undefined && row.score < minScore) return false;
    if (context !== undefined && row.context !== context) return false;
    for (const name in dimensions) {
      if (row.dimensions[name as Dimension] !== dimensions[name as Dimension]) return false;
    }
    return true;
  };

  push(chunk: Uint8Array | undefined): void {
    if (chunk !== undefined && this.state !== 'gone') this.controller?.enqueue(chunk);
  }

  end(): void {
    try {
      this.controller?.close();
    } catch {
      // The other side was faster.
    }
  }
}

function storeFilter(filter: StreamFilter): ObservationFilter {
  return {minScore: filter.minScore, context: filter.context, dimensions: filter.dimensions};
}

function withoutBits<Row extends {bits: unknown}>({bits: _, ...row}: Row): Omit<Row, 'bits'> {
  return row;
}
