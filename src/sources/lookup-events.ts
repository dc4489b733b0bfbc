import type {CloudTrailClient} from '@aws-sdk/client-cloudtrail';
import type {Source, SourceBatch, SourceStatus} from '../pipeline/source.ts';
import {type AwsOptions, awsFault, codeOf, Lazy, loadClient, settingsOf} from './aws.ts';
import {type TimedEvent, TimeWindows} from './time-windows.ts';
import {wait} from './wait.ts';

export interface LookupEventsOptions extends AwsOptions {
  readonly regions: readonly string[];
  /** How far back a first run reads, in milliseconds; 90 days is all there is, and the default. */
  readonly sinceMs?: number;
  readonly pollMs?: number;
  /** How late events may turn up in the history. Default 15 minutes. */
  readonly overlapMs?: number;
  /** AWS allows two a second in each account and region. */
  readonly requestsPerSecond?: number;
  readonly mostEvents?: number;
}

const DAY_MS = 86_400_000;
/** A pause after which a request that was refused for its frequency is tried again, at most. */
const LONGEST_PAUSE_MS = 30_000;
const THROTTLED = /^(Throttl|TooManyRequests|RequestLimitExceeded|LimitExceeded)/;

/** CloudTrail's own history of management events, of 90 days. */
export function lookupEventsSource(name: string, options: LookupEventsOptions): Source {
  return new LookupEventsSource(name, options);
}

/** One region: its client, and when it may be asked next. */
interface Region {
  readonly name: string;
  readonly client: CloudTrailClient;
  next: number;
}

class LookupEventsSource implements Source {
  readonly name: string;
  readonly kind = 'lookup-events';
  readonly #options: LookupEventsOptions;
  readonly #windows: TimeWindows;
  readonly #opened = new Lazy(() => this.#open());

  constructor(name: string, options: LookupEventsOptions) {
    this.name = name;
    this.#options = options;
    this.#windows = new TimeWindows(
      name,
      {
        sinceMs: Math.min(options.sinceMs ?? 90 * DAY_MS, 90 * DAY_MS),
        pollMs: options.pollMs ?? 60_000,
        overlapMs: options.overlapMs ?? 15 * 60_000,
        mostEvents: options.mostEvents ?? 10_000,
      },
      (from, to, most, signal) => this.#ask(from, to, most, signal),
    );
  }

  read(position: unknown, signal: AbortSignal): AsyncIterable<SourceBatch> {
    return this.#windows.read(position, signal);
  }

  status(): SourceStatus {
    return this.#windows.status;
  }

  async check(): Promise<void> {
    const {regions} = await this.#opened.get();
    const now = Date.now();
    const signal = AbortSignal.timeout(30_000);
    for (const region of regions) await this.#page(region, now - 60_000, now, undefined, 1, signal);
  }

  async close(): Promise<void> {
    for (const {client} of (await this.#opened.take())?.regions ?? []) client.destroy();
  }

  async #ask(from: number, to: number, most: number, signal: AbortSignal) {
    const {regions} = await this.#opened.get();
    const share = most / regions.length;
    const found = await Promise.all(
      regions.map((region) => this.#askRegion(region, from, to, share, signal)),
    );
    return found.includes(undefined) ? undefined : found.flatMap((events) => events ?? []);
  }

  async #askRegion(region: Region, from: number, to: number, most: number, signal: AbortSignal) {
    const events: TimedEvent[] = [];
    let token: string | undefined;
    do {
      const page = await this.#page(region, from, to, token, 50, signal);
      if (page === undefined) return [];
      for (const {EventId = '', EventTime, CloudTrailEvent} of page.Events ?? []) {
        if (CloudTrailEvent === undefined) continue;
        const time = EventTime?.getTime() ?? from;
        events.push({id: EventId, time, text: CloudTrailEvent, place: region.name});
      }
      if (events.length > most) return undefined;
      token = page.NextToken ?? undefined;
    } while (token !== undefined);
    return events;
  }

  /** One request when its time has come; undefined when told to end. */
  async #page(
    region: Region,
    from: number,
    to: number,
    token: string | undefined,
    most: number,
    signal: AbortSignal,
  ) {
    const {sdk} = await this.#opened.get();
    const between = 1000 / (this.#options.requestsPerSecond ?? 2);
    for (let pause = 1000; ; pause = Math.min(LONGEST_PAUSE_MS, 2 * pause)) {
      const due = Math.max(region.next, performance.now());
      region.next = due + between;
      await wait(due - performance.now(), signal);
      if (signal.aborted) return undefined;
      try {
        return await region.client.send(
          new sdk.LookupEventsCommand({
            // In whole seconds, as the API has them.
            StartTime: new Date(Math.floor(from / 1000) * 1000),
            EndTime: new Date(Math.ceil(to / 1000) * 1000),
            MaxResults: most,
            ...(token === undefined ? {} : {NextToken: token}),
          }),
          {abortSignal: signal},
        );
      } catch (cause) {
        if (signal.aborted) return undefined;
        if (!THROTTLED.test(codeOf(cause))) {
          throw awsFault('cloudtrail:LookupEvents', `region "${region.name}"`, cause);
        }
        // Somebody else asks in the same account and region: both get less.
        region.next = Math.max(region.next, performance.now() + pause * (0.5 + Math.random()));
      }
    }
  }

  async #open() {
    const sdk = await loadClient(
      '@aws-sdk/client-cloudtrail',
      () => import('@aws-sdk/client-cloudtrail'),
    );
    const regions: Region[] = [];
    for (const name of this.#options.regions) {
      const client = new sdk.CloudTrailClient({
        ...(await settingsOf({...this.#options, region: name})),
        // What is refused for its frequency waits here, for longer than the SDK would.
        maxAttempts: 2,
        requestHandler: {requestTimeout: 60_000, connectionTimeout: 5000},
      });
      regions.push({name, client, next: 0});
    }
    return {sdk, regions};
  }
}
