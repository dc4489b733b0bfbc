import type {Source, SourceBatch, SourceStatus} from '../pipeline/source.ts';
import {
  type AwsOptions,
  awsFault,
  type ClientSettings,
  codeOf,
  importNamed,
  Lazy,
  loadClient,
  settingsOf,
} from './aws.ts';
import {type TimedEvent, TimeWindows} from './time-windows.ts';
import {wait} from './wait.ts';

export interface CloudWatchLogsOptions extends AwsOptions {
  /** Name or ARN. */
  readonly logGroup: string;
  /** Only streams whose names begin so: `ACCOUNT_CloudTrail_REGION`. */
  readonly streamPrefix?: string;
  /** How far back a first run reads, in milliseconds. Default one day. */
  readonly sinceMs?: number;
  readonly pollMs?: number;
  /** How late events may turn up in the log group. Default 15 minutes. */
  readonly overlapMs?: number;
  readonly mostEvents?: number;
}

/** What is used of `@aws-sdk/client-cloudwatch-logs`. */
export interface LogsModule {
  readonly CloudWatchLogsClient: new (settings: ClientSettings) => LogsClient;
  readonly FilterLogEventsCommand: new (input: {
    logGroupName?: string;
    logGroupIdentifier?: string;
    logStreamNamePrefix?: string;
    startTime: number;
    endTime: number;
    limit: number;
    nextToken?: string;
  }) => unknown;
}

export interface LogsClient {
  send(
    command: unknown,
    options: {abortSignal?: AbortSignal},
  ): Promise<{
    readonly events?: readonly {
      readonly eventId?: string;
      readonly timestamp?: number;
      readonly message?: string;
      readonly logStreamName?: string;
    }[];
    readonly nextToken?: string;
  }>;
  destroy(): void;
}

const DAY_MS = 86_400_000;
const LONGEST_PAUSE_MS = 30_000;
const PACKAGE = '@aws-sdk/client-cloudwatch-logs';

/** A log group that a trail writes to, asked again and again; `load` imports the client. */
export function cloudWatchLogsSource(
  name: string,
  options: CloudWatchLogsOptions,
  load: () => Promise<LogsModule> = () => importNamed(PACKAGE),
): Source {
  return new CloudWatchLogsSource(name, options, load);
}

class CloudWatchLogsSource implements Source {
  readonly name: string;
  readonly kind = 'cloudwatch-logs';
  readonly identity: string;
  readonly #options: CloudWatchLogsOptions;
  readonly #windows: TimeWindows;
  readonly #load: () => Promise<LogsModule>;
  readonly #opened = new Lazy(() => this.#open());

  constructor(name: string, options: CloudWatchLogsOptions, load: () => Promise<LogsModule>) {
    this.name = name;
    this.#load = load;
    this.#options = options;
    this.identity = `log group ${options.logGroup}`;
    this.#windows = new TimeWindows(
      name,
      {
        sinceMs: options.sinceMs ?? DAY_MS,
        pollMs: options.pollMs ?? 30_000,
        overlapMs: options.overlapMs ?? 15 * 60_000,
        mostEvents: options.mostEvents ?? 50_000,
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
    const now = Date.now();
    await this.#page(now - 60_000, now, undefined, 1, AbortSignal.timeout(30_000));
  }

  async close(): Promise<void> {
    (await this.#opened.take())?.client.destroy();
  }

  async #ask(from: number, to: number, most: number, signal: AbortSignal) {
    const events: TimedEvent[] = [];
    let token: string | undefined;
    do {
      const page = await this.#page(from, to, token, 10_000, signal);
      for (const {eventId = '', timestamp = from, message, logStreamName = '-'} of page?.events ??
        []) {
        if (message === undefined) continue;
        events.push({id: eventId, time: timestamp, text: message, place: logStreamName});
      }
      if (events.length > most) return undefined;
      token = page?.nextToken ?? undefined;
    } while (token !== undefined && !signal.aborted);
    return events;
  }

  async #page(
    from: number,
    to: number,
    token: string | undefined,
    limit: number,
    signal: AbortSignal,
  ) {
    const {sdk, client} = await this.#opened.get();
    const {logGroup, streamPrefix} = this.#options;
    for (let pause = 1000; ; pause = Math.min(LONGEST_PAUSE_MS, 2 * pause)) {
      try {
        return await client.send(
          new sdk.FilterLogEventsCommand({
            ...(logGroup.startsWith('arn:')
              ? {logGroupIdentifier: logGroup}
              : {logGroupName: logGroup}),
            ...(streamPrefix === undefined ? {} : {logStreamNamePrefix: streamPrefix}),
            startTime: Math.max(0, Math.floor(from)),
            endTime: Math.ceil(to),
            limit,
            ...(token === undefined ? {} : {nextToken: token}),
          }),
          {abortSignal: signal},
        );
      } catch (cause) {
        if (signal.aborted) return undefined;
        if (!/^Throttl/.test(codeOf(cause))) {
          throw awsFault('logs:FilterLogEvents', `log group "${logGroup}"`, cause);
        }
        await wait(pause * (0.5 + Math.random()), signal);
        if (signal.aborted) return undefined;
      }
    }
  }

  async #open() {
    const sdk = await loadClient(PACKAGE, this.#load);
    return {sdk, client: new sdk.CloudWatchLogsClient(await settingsOf(this.#options))};
  }
}
