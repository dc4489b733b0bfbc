import type {GetRecordsCommandOutput, Shard} from '@aws-sdk/client-kinesis';
import type {AppError} from '../base/errors.ts';
import type {Payload, Source, SourceBatch, SourceStatus} from '../pipeline/source.ts';
import {
  type AwsOptions,
  awsFault,
  codeOf,
  inParallel,
  Lazy,
  loadClient,
  settingsOf,
} from './aws.ts';
import {disaggregate} from './kinesis-aggregate.ts';
import {wait} from './wait.ts';

export interface KinesisOptions extends AwsOptions {
  /** Name or ARN. */
  readonly stream: string;
  /** Where a first run begins: with all that is kept, or with what comes from now on. */
  readonly from?: 'oldest' | 'latest';
  /** Pause when there was nothing. Default 1 s; AWS allows five requests a second and shard. */
  readonly pollMs?: number;
  /** Between two looks at how the stream is divided. Default 30 s. */
  readonly relookMs?: number;
  /** Records of one request. */
  readonly limit?: number;
}

/** What has been handed over of a shard: up to a sequence number, or all of it for ever. */
type Progress = string | typeof ENDED;

interface KinesisPosition {
  readonly v: 1;
  /** Reading began with what arrived after this; 0 is everything. */
  readonly since: number;
  readonly shards: Readonly<Record<string, Progress>>;
}

const ENDED = 'end';
/** Shards read at the same time, each answering with up to 10 MB. */
const WIDTH = 4;
const THROTTLED = /^(ProvisionedThroughputExceeded|Throttl|LimitExceeded|KMSThrottling)/;

/** A stream of subscription payloads of CloudWatch Logs, of EventBridge events, or of records. */
export function kinesisSource(name: string, options: KinesisOptions): Source {
  return new KinesisSource(name, options);
}

class KinesisSource implements Source {
  readonly name: string;
  readonly kind = 'kinesis';
  readonly identity: string;
  readonly #options: KinesisOptions;
  readonly #stream: {StreamName: string} | {StreamARN: string};
  readonly #opened = new Lazy(() => this.#connect());
  #since = 0;
  #progress = new Map<string, Progress>();
  /** Where the next request begins; they last for five minutes. */
  #iterators = new Map<string, string>();
  #behindMs = new Map<string, number>();
  #status: SourceStatus = {state: 'starting', detail: 'not read yet'};

  constructor(name: string, options: KinesisOptions) {
    this.name = name;
    this.#options = options;
    const {stream} = options;
    this.identity = `stream ${stream}`;
    this.#stream = stream.startsWith('arn:') ? {StreamARN: stream} : {StreamName: stream};
  }

  async *read(position: unknown, signal: AbortSignal): AsyncGenerator<SourceBatch, void, void> {
    const resumed = position as KinesisPosition | undefined;
    this.#since = resumed?.since ?? (this.#options.from === 'latest' ? Date.now() : 0);
    this.#progress = new Map(Object.entries(resumed?.shards ?? {}));
    this.#iterators.clear();
    this.#behindMs.clear();
    let shards: Shard[] = [];
    let listed = Number.NEGATIVE_INFINITY;
    let turn = 0;
    try {
      while (!signal.aborted) {
        if (performance.now() - listed > (this.#options.relookMs ?? 30_000)) {
          shards = await this.#shards(signal);
          listed = performance.now();
          const known = new Set(shards.map(({ShardId}) => ShardId));
          for (const id of this.#progress.keys()) if (!known.has(id)) this.#progress.delete(id);
        }
        const open = this.#open(shards);
        // All in turn, a few at a time: no more is held than one batch.
        const some = open.slice(turn, turn + WIDTH);
        turn = turn + WIDTH >= open.length ? 0 : turn + WIDTH;
        const ended = [...this.#progress.values()].filter((one) => one === ENDED).length;
        const payloads = (
          await inParallel(some, WIDTH, (shard) => this.#records(shard, signal))
        ).flat();
        if (signal.aborted) return;
        if ([...this.#progress.values()].filter((one) => one === ENDED).length > ended) {
          listed = Number.NEGATIVE_INFINITY;
        }
        if (payloads.length > 0) {
          payloads.sort((a, b) => a.arrived - b.arrived);
          this.#report(open.length);
          const batch = payloads.map(({name, bytes}) => ({name, bytes}));
          yield {payloads: batch, position: this.#position(), ack: async () => {}};
          continue;
        }
        if (turn !== 0) continue;
        this.#status = {state: 'waiting', detail: `waiting at ${open.length} shards`};
        await wait(this.#options.pollMs ?? 1000, signal);
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

  async check(): Promise<void> {
    await this.#shards(AbortSignal.timeout(30_000));
  }

  async close(): Promise<void> {
    (await this.#opened.take())?.client.destroy();
  }

  #position(): KinesisPosition {
    return {v: 1, since: this.#since, shards: Object.fromEntries(this.#progress)};
  }

  #report(shards: number): void {
    const behind = Math.max(0, ...this.#behindMs.values());
    const detail = `reading ${shards} shards, ${Math.round(behind / 1000)} s behind`;
    this.#status = {state: 'reading', detail};
  }

  /** Shards with something to read; one that was split or merged before those that came of it. */
  #open(shards: readonly Shard[]): string[] {
    const waiting = new Set(
      shards.map(({ShardId = ''}) => ShardId).filter((id) => this.#progress.get(id) !== ENDED),
    );
    return shards
      .filter(({ShardId = '', ParentShardId = '', AdjacentParentShardId = ''}) => {
        return (
          waiting.has(ShardId) && !waiting.has(ParentShardId) && !waiting.has(AdjacentParentShardId)
        );
      })
      .map(({ShardId = ''}) => ShardId);
  }

  async #shards(signal: AbortSignal): Promise<Shard[]> {
    const {sdk, client} = await this.#opened.get();
    const found: Shard[] = [];
    let token: string | undefined;
    do {
      const page = await client
        .send(new sdk.ListShardsCommand(token === undefined ? this.#stream : {NextToken: token}), {
          abortSignal: signal,
        })
        .catch((cause: unknown) => {
          throw this.#fault('ListShards', cause);
        });
      found.push(...(page.Shards ?? []));
      token = page.NextToken ?? undefined;
    } while (token !== undefined);
    return found;
  }

  async #records(
    shard: string,
    signal: AbortSignal,
  ): Promise<(Payload & {readonly arrived: number})[]> {
    const page = await this.#page(shard, signal);
    if (page === undefined) return [];
    const payloads = (page.Records ?? []).flatMap((record) => {
      const {SequenceNumber = '', Data = new Uint8Array(), ApproximateArrivalTimestamp} = record;
      const name = `kinesis:${this.#options.stream}/${shard}/${SequenceNumber}`;
      const arrived = ApproximateArrivalTimestamp?.getTime() ?? 0;
      const parts = disaggregate(Data);
      return parts.map((part, i) => ({
        name: parts.length === 1 ? name : `${name}/${i}`,
        bytes: new Uint8Array(part),
        arrived,
      }));
    });
    const last = page.Records?.at(-1)?.SequenceNumber;
    if (last !== undefined) this.#progress.set(shard, last);
    this.#behindMs.set(shard, page.MillisBehindLatest ?? 0);
    if (page.NextShardIterator === undefined || page.NextShardIterator === null) {
      this.#progress.set(shard, ENDED);
      this.#iterators.delete(shard);
      this.#behindMs.delete(shard);
    } else this.#iterators.set(shard, page.NextShardIterator);
    return payloads;
  }

  async #page(shard: string, signal: AbortSignal): Promise<GetRecordsCommandOutput | undefined> {
    const {sdk, client} = await this.#opened.get();
    for (let pause = 250; !signal.aborted; pause = Math.min(10_000, 2 * pause)) {
      const iterator = this.#iterators.get(shard) ?? (await this.#iterator(shard, signal));
      try {
        return await client.send(
          new sdk.GetRecordsCommand({
            ShardIterator: iterator,
            Limit: this.#options.limit ?? 1000,
            ...('StreamARN' in this.#stream ? this.#stream : {}),
          }),
          {abortSignal: signal},
        );
      } catch (cause) {
        if (signal.aborted) return undefined;
        const code = codeOf(cause);
        this.#iterators.delete(shard);
        if (code === 'ExpiredIteratorException') continue;
        if (!THROTTLED.test(code)) throw this.#fault('GetRecords', cause);
        // Somebody else reads the same shard: both get less.
        await wait(pause * (0.5 + Math.random()), signal);
      }
    }
    return undefined;
  }

  async #iterator(shard: string, signal: AbortSignal): Promise<string> {
    const {sdk, client} = await this.#opened.get();
    const after = this.#progress.get(shard);
    const from =
      after !== undefined
        ? ({ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: after} as const)
        : this.#since > 0
          ? ({ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(this.#since)} as const)
          : ({ShardIteratorType: 'TRIM_HORIZON'} as const);
    const {ShardIterator} = await client
      .send(new sdk.GetShardIteratorCommand({...this.#stream, ShardId: shard, ...from}), {
        abortSignal: signal,
      })
      .catch((cause: unknown) => {
        throw this.#fault('GetShardIterator', cause);
      });
    return ShardIterator ?? '';
  }

  #fault(call: string, cause: unknown): AppError {
    return awsFault(`kinesis:${call}`, `stream "${this.#options.stream}"`, cause);
  }

  async #connect() {
    const name = '@aws-sdk/client-kinesis';
    const sdk = await loadClient(name, () => import('@aws-sdk/client-kinesis'));
    const settings = await settingsOf(this.#options);
    // This client speaks HTTP/2, which without TLS no emulator does.
    const plain = this.#options.endpoint?.startsWith('http:') === true;
    const handler = plain
      ? new (
          await loadClient('@smithy/node-http-handler', () => import('@smithy/node-http-handler'))
        ).NodeHttpHandler({requestTimeout: 60_000, connectionTimeout: 5000})
      : undefined;
    const client = new sdk.KinesisClient({
      ...settings,
      ...(handler === undefined ? {} : {requestHandler: handler}),
    });
    return {sdk, client};
  }
}
