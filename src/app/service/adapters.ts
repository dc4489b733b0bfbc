import {resolve} from 'node:path';
import {consoleAlerter} from '../../alerts/console.ts';
import {fileAlerter} from '../../alerts/file.ts';
import {pagerDutyAlerter} from '../../alerts/pagerduty.ts';
import {slackAlerter} from '../../alerts/slack.ts';
import {webhookAlerter} from '../../alerts/webhook.ts';
import {durationMs} from '../../config/duration.ts';
import type {Alerter} from '../../pipeline/alert.ts';
import type {Source} from '../../pipeline/source.ts';
import type {Store} from '../../pipeline/store.ts';
import {cloudWatchLogsSource} from '../../sources/cloudwatch-logs.ts';
import {directorySource} from '../../sources/directory.ts';
import {httpSource} from '../../sources/http.ts';
import {kinesisSource} from '../../sources/kinesis.ts';
import {lookupEventsSource} from '../../sources/lookup-events.ts';
import {s3Source} from '../../sources/s3.ts';
import {sqsSource} from '../../sources/sqs.ts';
import {stdinSource} from '../../sources/stdin.ts';
import {openDuckDbStore} from '../../stores/duckdb.ts';
import {openPostgresStore} from '../../stores/postgres.ts';
import {type Config, type DestinationConfig, isLoopback, type SourceConfig} from './config.ts';
import type {LoadedConfig} from './load-config.ts';

/** A path of a configuration; relative ones start from the folder of its file. */
export function pathOf({folder}: Pick<LoadedConfig, 'folder'>, path: string): string {
  return resolve(folder, path);
}

export function dataDirOf(loaded: LoadedConfig): string {
  return pathOf(loaded, loaded.config.data_dir);
}

/** Opens the store; see `Store`. */
export function openStore(loaded: LoadedConfig): Promise<Store> {
  const {store} = loaded.config;
  if (store.type === 'postgres') return openPostgresStore({url: store.url});
  return openDuckDbStore({
    path: resolve(dataDirOf(loaded), 'store.duckdb'),
    memoryLimit: `${store.memory_mb}MB`,
  });
}

/** How far back a first run of a source reads, whatever it says itself: epoch milliseconds. */
export interface SourceSettings {
  readonly since?: number | undefined;
}

/** Makes a source as configured; nothing is opened before it is read or checked. */
export async function makeSource(
  loaded: Pick<LoadedConfig, 'folder' | 'config'>,
  declared: SourceConfig,
  {since}: SourceSettings = {},
): Promise<Source> {
  const {name} = declared;
  switch (declared.type) {
    case 'directory': {
      const {pace: speed, events_per_second: eventsPerSecond} = declared;
      return directorySource(name, {
        folder: pathOf(loaded, declared.path),
        follow: declared.follow,
        pollMs: durationMs(declared.poll),
        clockSlackMs: durationMs(declared.clock_slack),
        ...(declared.since !== undefined && {sinceMs: sinceMs(declared.since, since)}),
        ...((speed !== undefined || eventsPerSecond !== undefined) && {
          pace: {
            ...(speed !== undefined && {speed}),
            ...(eventsPerSecond !== undefined && {eventsPerSecond}),
          },
        }),
      });
    }
    case 'stdin':
      return stdinSource(name);
    case 'http': {
      const tokens = [declared.token, declared.firehose_access_key].filter(isText);
      const secrets = [declared.signature_secret].filter(isText);
      // The schema asks for a key wherever others can reach it.
      const open = tokens.length + secrets.length === 0 && isLoopback(loaded.config.server.listen);
      return httpSource(name, {
        auth: {tokens, secrets, open},
        maxBodyBytes: declared.max_body_bytes,
      });
    }
    case 's3':
      return s3Source(name, {
        bucket: declared.bucket,
        prefix: declared.prefix,
        sinceMs: sinceMs(declared.since, since),
        pollMs: durationMs(declared.poll),
        lateDays: declared.late_days,
        ...(declared.accounts !== undefined && {accounts: declared.accounts}),
        ...(declared.regions !== undefined && {regions: declared.regions}),
        ...awsOf(declared),
      });
    case 'sqs':
      return sqsSource(name, {
        queueUrl: declared.queue_url,
        maxReceives: declared.max_receives,
        ...(declared.s3_endpoint !== undefined && {s3Endpoint: declared.s3_endpoint}),
        ...awsOf(declared),
      });
    case 'lookup-events':
      return lookupEventsSource(name, {
        regions: declared.regions,
        sinceMs: sinceMs(declared.since, since),
        pollMs: durationMs(declared.poll),
        ...awsOf(declared),
      });
    case 'cloudwatch-logs':
      return cloudWatchLogsSource(name, {
        logGroup: declared.log_group,
        sinceMs: sinceMs(declared.since, since),
        pollMs: durationMs(declared.poll),
        ...awsOf(declared),
      });
    case 'kinesis':
      return kinesisSource(name, {
        stream: declared.stream,
        // What is to be learnt first is all that is kept.
        from: since === undefined ? declared.from : 'oldest',
        ...awsOf(declared),
      });
  }
}

interface AwsSettings {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly role_arn?: string | undefined;
  readonly external_id?: string | undefined;
}

function awsOf({region, endpoint, role_arn: roleArn, external_id: externalId}: AwsSettings) {
  return {
    ...(region !== undefined && {region}),
    ...(endpoint !== undefined && {endpoint}),
    ...(roleArn !== undefined && {roleArn}),
    ...(externalId !== undefined && {externalId}),
  };
}

/** How far back a first run reads: since a moment, if one is given, else as the source says. */
function sinceMs(own: string, since: number | undefined): number {
  return since === undefined ? durationMs(own) : Math.max(0, Date.now() - since);
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}

/** Whether a source can tell what happened before it was set up. */
export function hasHistory({type}: SourceConfig): boolean {
  return type !== 'http' && type !== 'stdin' && type !== 'sqs';
}

/** Makes a destination as configured; `write` takes what goes to the console. */
export function makeAlerter(
  loaded: Pick<LoadedConfig, 'folder'>,
  declared: DestinationConfig,
  write: (line: string) => void,
): Alerter {
  const {name, min_score: minScore} = declared;
  switch (declared.type) {
    case 'pagerduty':
      return pagerDutyAlerter(name, {
        minScore,
        routingKey: declared.routing_key,
        url: declared.url,
      });
    case 'slack':
      return slackAlerter(name, {minScore, url: declared.url});
    case 'webhook':
      return webhookAlerter(name, {
        minScore,
        url: declared.url,
        secret: declared.secret,
        headers: declared.headers,
      });
    case 'console':
      return consoleAlerter(name, {minScore}, write);
    case 'file':
      return fileAlerter(name, {
        minScore,
        path: pathOf(loaded, declared.path),
        maxBytes: declared.max_bytes,
        keep: declared.keep,
      });
  }
}

/** Where a destination is, without what may be secret of it. */
export function targetOf(declared: DestinationConfig): string {
  switch (declared.type) {
    case 'pagerduty':
      return hostOf(declared.url ?? 'https://events.pagerduty.com');
    case 'slack':
    case 'webhook':
      return hostOf(declared.url);
    case 'console':
      return 'standard output';
    case 'file':
      return declared.path;
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

/** Address and port of `listen`. */
export function listenOf({server}: Config): {host: string; port: number} {
  const at = server.listen.lastIndexOf(':');
  return {host: server.listen.slice(0, at), port: Number(server.listen.slice(at + 1))};
}
