import {createHash} from 'node:crypto';
import {AppError} from '../base/errors.ts';
import type {Payload, Source, SourceBatch, SourceStatus} from '../pipeline/source.ts';
import {type AwsOptions, codeOf, inParallel} from './aws.ts';
import {deliveryTimeOf} from './delivery-name.ts';
import {compareNames, isLog} from './files.ts';
import {S3Objects} from './s3-objects.ts';
import {wait} from './wait.ts';

export interface S3Options extends AwsOptions {
  readonly bucket: string;
  /** What comes before "AWSLogs/" in the keys. */
  readonly prefix?: string;
  /** How far back a first run reads, in milliseconds. Default one day. */
  readonly sinceMs?: number;
  /** Only these accounts, only these regions; else all there are. */
  readonly accounts?: readonly string[];
  readonly regions?: readonly string[];
  /** Between two looks at what is new. Default one minute. */
  readonly pollMs?: number;
  /** Between two looks at the days before, and for new accounts and regions. Default 10 minutes. */
  readonly relookMs?: number;
  /** How many days before today are looked at again, for objects that come late. Default 2. */
  readonly lateDays?: number;
  /** How long an object may take from its time stamp to being seen. Default two minutes. */
  readonly slackMs?: number;
  readonly insights?: boolean;
  /** Requests at the same time. Default 8. */
  readonly concurrency?: number;
  readonly batchBytes?: number;
  readonly maxObjectBytes?: number;
}

/**
 * What has been handed over: of all the days that are still looked at, every object put there up
 * to `whole`; of those put there between that and `scan.at`, the ones before `scan` in order of
 * delivery; and `recent`.
 */
interface S3Position {
  readonly v: 1;
  /** Objects delivered before this are not read. */
  readonly since: number;
  /** By the clock of S3. */
  readonly whole: number;
  /** First day that the next round looks at. */
  readonly from: number;
  /** First day of which this round leaves something to the next. */
  readonly left?: number;
  readonly scan?: Mark & {readonly at: number};
  readonly recent: readonly (readonly [mark: string, modified: number])[];
}

/** A place in the order of delivery. */
interface Mark {
  /** Days since 1970, by the folder. */
  readonly day: number;
  readonly time: number;
  readonly key: string;
}

interface Found extends Mark {
  readonly size: number;
  readonly modified: number;
}

/** The objects of one account in one region. */
interface Stream {
  readonly prefix: string;
  /** How the names of its objects begin. */
  readonly stem: string;
}

const DAY_MS = 86_400_000;
const PERIOD_MS = 5 * 60_000;
/** How far behind now a look at what is new begins. */
const WINDOW_MS = 2 * 3_600_000;
/** A longer time is not walked through day by day: the bucket is asked which days there are. */
const MOST_DAYS = 40;
/** With more than this to remember one by one, everything is looked at again, and then forgotten. */
const MOST_RECENT = 2000;

/** A trail's bucket, by listing it. */
export function s3Source(name: string, options: S3Options): Source {
  return new S3Source(name, options);
}

class S3Source implements Source {
  readonly name: string;
  readonly kind = 's3';
  readonly identity: string;
  readonly #objects: S3Objects;
  readonly #options: S3Options;
  readonly #root: string;
  readonly #concurrency: number;
  #streams: readonly Stream[] = [];
  #status: SourceStatus = {state: 'starting', detail: 'not read yet'};

  // As in S3Position.
  #since = 0;
  #whole = 0;
  #from = 0;
  #scan: (Mark & {at: number}) | undefined;
  #recent = new Map<string, number>();
  /** First day of which something was left for the next round. */
  #left = Number.POSITIVE_INFINITY;

  constructor(name: string, options: S3Options) {
    this.name = name;
    this.#options = options;
    this.#objects = new S3Objects(options);
    this.#root = rootOf(options.prefix ?? '');
    this.identity = `s3://${options.bucket}/${this.#root}`;
    this.#concurrency = options.concurrency ?? 8;
  }

  async *read(position: unknown, signal: AbortSignal): AsyncGenerator<SourceBatch, void, void> {
    this.#restore(position as S3Position | undefined);
    // By a clock that nobody sets.
    let nextRound = Number.NEGATIVE_INFINITY;
    try {
      while (!signal.aborted) {
        const slack = this.#options.slackMs ?? 2 * 60_000;
        if (performance.now() >= nextRound || this.#recent.size > MOST_RECENT) {
          yield* this.#round(slack, signal);
          const pause = this.#options.relookMs ?? 10 * 60_000;
          const left = this.#left !== Number.POSITIVE_INFINITY;
          nextRound = performance.now() + (left ? Math.min(pause, slack + 1000) : pause);
        }
        yield* this.#lookAtNew(signal);
        if (signal.aborted) return;
        this.#status = {
          state: 'waiting',
          detail: `waiting for new objects of ${this.#streams.length} accounts and regions`,
          backlog: 0,
        };
        await wait(this.#options.pollMs ?? 60_000, signal);
      }
    } catch (error) {
      // Whatever was under way is not wanted any more.
      if (signal.aborted) return;
      this.#status = {state: 'retrying', detail: String((error as Error).message)};
      throw error;
    }
  }

  status(): SourceStatus {
    return this.#status;
  }

  async fetch(name: string): Promise<Uint8Array | undefined> {
    if (!name.startsWith(`s3://${this.#options.bucket}/`)) return undefined;
    return this.#objects.fetch(name);
  }

  async check(): Promise<void> {
    const streams = await this.#discover();
    if (streams.length > 0) return;
    throw new AppError(
      'source_unreadable',
      `No CloudTrail logs in "s3://${this.#options.bucket}/${this.#root}" ` +
        '(looked for ACCOUNT/CloudTrail/REGION/ below it)',
      {retryable: true},
    );
  }

  async close(): Promise<void> {
    await this.#objects.close();
  }

  #restore(position: S3Position | undefined): void {
    const since = Date.now() - (this.#options.sinceMs ?? DAY_MS);
    this.#since = position?.since ?? since;
    this.#whole = position?.whole ?? 0;
    this.#from = position?.from ?? dayOf(since);
    this.#scan = position?.scan === undefined ? undefined : {...position.scan};
    this.#recent = new Map(position?.recent ?? []);
    this.#left = position?.left ?? Number.POSITIVE_INFINITY;
  }

  #position(): S3Position {
    return {
      v: 1,
      since: this.#since,
      whole: this.#whole,
      from: this.#from,
      ...(this.#left === Number.POSITIVE_INFINITY ? {} : {left: this.#left}),
      ...(this.#scan === undefined ? {} : {scan: {...this.#scan}}),
      recent: [...this.#recent],
    };
  }

  /** All days that are still looked at, one after the other. */
  async *#round(slack: number, signal: AbortSignal): AsyncGenerator<SourceBatch, void, void> {
    this.#status = {state: 'reading', detail: 'looking for accounts and regions'};
    this.#streams = await this.#discover(signal);
    // An interrupted round is finished first, with what it had to read.
    const at = this.#scan?.at ?? this.#objects.now() - slack;
    const first = this.#scan?.day ?? this.#from;
    const again = dayOf(at) - (this.#options.lateDays ?? 2);
    if (this.#scan === undefined) this.#left = Number.POSITIVE_INFINITY;
    const days = await this.#days(first, dayOf(this.#objects.now()), signal);
    for (const [day, streams] of days) {
      if (signal.aborted) return;
      this.#status = {state: 'reading', detail: `listing ${pathOf(day)}`};
      const found = await inParallel(streams, this.#concurrency, (stream) =>
        this.#list(stream, day, signal),
      );
      const due = found.flat().filter((object) => {
        if (this.#isDone(object)) return false;
        if (object.modified <= at) return true;
        // Just put there, and of a day that is not looked at again by itself.
        if (day < again) this.#left = Math.min(this.#left, day);
        return false;
      });
      yield* this.#handOver(due, signal, (object) => {
        this.#scan = {at, day: object.day, time: object.time, key: object.key};
      });
    }
    if (signal.aborted) return;
    this.#whole = at;
    this.#from = Math.min(again, this.#left);
    this.#scan = undefined;
    for (const [mark, modified] of this.#recent) if (modified <= at) this.#recent.delete(mark);
  }

  /** What came lately, by the time in the names. */
  async *#lookAtNew(signal: AbortSignal): AsyncGenerator<SourceBatch, void, void> {
    const now = this.#objects.now();
    const begin = now - WINDOW_MS;
    const looks = this.#streams.flatMap((stream) =>
      [...new Set([dayOf(begin), dayOf(now)])].map((day) => ({stream, day})),
    );
    const found = await inParallel(looks, this.#concurrency, ({stream, day}) =>
      this.#list(stream, day, signal, day === dayOf(begin) ? begin : undefined),
    );
    const due = found.flat().filter((object) => !this.#isDone(object));
    yield* this.#handOver(due, signal, (object) => {
      this.#recent.set(markOf(object), object.modified);
    });
  }

  #isDone(object: Found): boolean {
    if (object.time < this.#since || object.modified <= this.#whole) return true;
    if (this.#recent.size > 0 && this.#recent.has(markOf(object))) return true;
    const scan = this.#scan;
    return scan !== undefined && object.modified <= scan.at && inOrder(object, scan) <= 0;
  }

  async *#handOver(
    objects: Found[],
    signal: AbortSignal,
    done: (object: Found) => void,
  ): AsyncGenerator<SourceBatch, void, void> {
    objects.sort(inOrder);
    const most = this.#options.batchBytes ?? 8 * 1024 * 1024;
    let taken: Found[] = [];
    let weight = 0;
    for (const [index, object] of objects.entries()) {
      taken.push(object);
      // Gzipped JSON grows about eightfold.
      weight += 8 * object.size;
      const next = objects[index + 1];
      const periodEnds =
        next === undefined ||
        Math.floor(next.time / PERIOD_MS) !== Math.floor(object.time / PERIOD_MS);
      if (next !== undefined && weight < (periodEnds ? most : 4 * most)) continue;
      this.#status = {
        state: 'reading',
        detail: this.#nameOf(object),
        backlog: objects.length - index - 1,
      };
      const {payloads, poison} = await this.#get(taken, signal);
      if (signal.aborted) return;
      for (const one of taken) done(one);
      taken = [];
      weight = 0;
      if (payloads.length + poison.length === 0) continue;
      yield {payloads, poison, position: this.#position(), ack: async () => {}};
      if (signal.aborted) return;
    }
  }

  async #get(objects: readonly Found[], signal: AbortSignal) {
    const poison: {name: string; detail: string}[] = [];
    const {bucket, maxObjectBytes = 256 * 1024 * 1024} = this.#options;
    const got = await inParallel(objects, this.#concurrency, async (object) => {
      const name = this.#nameOf(object);
      if (object.size > maxObjectBytes) {
        poison.push({name, detail: `${object.size} bytes are too many (max_object_bytes)`});
        return undefined;
      }
      try {
        const bytes = await this.#objects.get(bucket, object.key, {signal});
        // Deleted since it was listed: a life-cycle rule was faster.
        return bytes === undefined ? undefined : {name, bytes};
      } catch (error) {
        if (codeOf((error as AppError).cause) !== 'InvalidObjectState') throw error;
        poison.push({name, detail: 'it was moved to an archive class and must be restored first'});
        return undefined;
      }
    });
    return {payloads: got.filter((one): one is Payload => one !== undefined), poison};
  }

  #nameOf(object: Mark): string {
    return `s3://${this.#options.bucket}/${object.key}`;
  }

  async #discover(signal?: AbortSignal): Promise<Stream[]> {
    const {bucket, accounts, regions, insights} = this.#options;
    const listing = signal === undefined ? {} : {signal};
    const folders = (prefix: string) => this.#objects.folders(bucket, {prefix, ...listing});
    const homes: {prefix: string; account: string}[] = [];
    const add = async (root: string) => {
      for (const name of await folders(root)) {
        if (/^\d{12}$/.test(name)) {
          if (accounts?.includes(name) !== false) {
            homes.push({prefix: `${root}${name}/`, account: name});
          }
        } else if (/^o-[a-z0-9]+$/.test(name)) await add(`${root}${name}/`);
      }
    };
    await add(this.#root);
    const kinds = insights === true ? ['CloudTrail', 'CloudTrail-Insight'] : ['CloudTrail'];
    const places = homes.flatMap((home) => kinds.map((kind) => ({...home, kind})));
    const found = await inParallel(places, this.#concurrency, async ({prefix, account, kind}) =>
      (await folders(`${prefix}${kind}/`))
        .filter((region) => regions?.includes(region) !== false)
        .map((region) => ({
          prefix: `${prefix}${kind}/${region}/`,
          stem: `${account}_${kind}_${region}_`,
        })),
    );
    return found.flat();
  }

  /** Days of a span, with the streams that have objects then, in order. */
  async #days(first: number, last: number, signal: AbortSignal): Promise<[number, Stream[]][]> {
    const days = new Map<number, Stream[]>();
    const add = (day: number, stream: Stream) => {
      const streams = days.get(day);
      if (streams === undefined) days.set(day, [stream]);
      else streams.push(stream);
    };
    const long = last - first > MOST_DAYS;
    await inParallel(this.#streams, this.#concurrency, async (stream) => {
      if (!long) for (let day = first; day <= last; day++) add(day, stream);
      else for (const day of await this.#daysOf(stream, first, last, signal)) add(day, stream);
    });
    return [...days].sort(([a], [b]) => a - b);
  }

  async #daysOf(stream: Stream, first: number, last: number, signal: AbortSignal) {
    const {bucket} = this.#options;
    const found: number[] = [];
    for (const year of await this.#objects.folders(bucket, {prefix: stream.prefix, signal})) {
      if (!/^\d{4}$/.test(year)) continue;
      if (Number(year) < yearOf(first) || Number(year) > yearOf(last)) continue;
      const inYear = `${stream.prefix}${year}/`;
      for (const month of await this.#objects.folders(bucket, {prefix: inYear, signal})) {
        const begins = Date.UTC(Number(year), Number(month) - 1) / DAY_MS;
        if (!(begins <= last && begins + 31 > first)) continue;
        const inMonth = `${inYear}${month}/`;
        for (const date of await this.#objects.folders(bucket, {prefix: inMonth, signal})) {
          const day = Date.UTC(Number(year), Number(month) - 1, Number(date)) / DAY_MS;
          if (day >= first && day <= last) found.push(day);
        }
      }
    }
    return found;
  }

  /** The objects of one account, region and day, of these the ones delivered from `begin` on. */
  async #list(
    {prefix, stem}: Stream,
    day: number,
    signal: AbortSignal,
    begin?: number,
  ): Promise<Found[]> {
    const folder = `${prefix}${pathOf(day)}/`;
    const stamp = begin === undefined ? '' : new Date(begin).toISOString().replace(/[-:]/g, '');
    const objects = await this.#objects.objects(this.#options.bucket, {
      prefix: folder,
      signal,
      ...(begin === undefined ? {} : {startAfter: `${folder}${stem}${stamp.slice(0, 13)}`}),
    });
    return objects
      .filter(({key, size}) => size > 0 && isLog(key))
      .map((object) => ({...object, day, time: deliveryTimeOf(object.key) ?? object.modified}));
  }
}

/** The folder of accounts, however much of it the prefix names. */
function rootOf(prefix: string): string {
  const clean = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  return /(^|\/)AWSLogs\/(o-[a-z0-9]+\/)?$/.test(clean) ? clean : `${clean}AWSLogs/`;
}

function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

function yearOf(day: number): number {
  return new Date(day * DAY_MS).getUTCFullYear();
}

function pathOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '/');
}

function inOrder(a: Mark, b: Mark): number {
  return a.day - b.day || a.time - b.time || compareNames(a.key, b.key);
}

/** Short, and another one when an object is put there anew. */
function markOf({key, modified}: Found): string {
  return createHash('sha1').update(`${key}\0${modified}`).digest('base64url').slice(0, 10);
}
