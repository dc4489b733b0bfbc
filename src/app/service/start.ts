import {stat} from 'node:fs/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import {createApi, type ServiceApi} from '../../api/api.ts';
import type {OidcOptions} from '../../api/oidc.ts';
import {type Served, serveApi} from '../../api/serve.ts';
import {createToken} from '../../api/tokens.ts';
import {AppError} from '../../base/errors.ts';
import {durationMs} from '../../config/duration.ts';
import {LiveFeed} from '../../pipeline/live-feed.ts';
import type {Store} from '../../pipeline/store.ts';
import {createLog, type Logger} from '../../telemetry/log.ts';
import {Metrics} from '../../telemetry/metrics.ts';
import {dataDirOf, hasHistory, listenOf, openStore} from './adapters.ts';
import {type Config, isLoopback} from './config.ts';
import {DataDirLock} from './data-dir-lock.ts';
import {readDetections} from './declared-files.ts';
import {Ingestor} from './ingestor.ts';
import type {LoadedConfig} from './load-config.ts';
import {asnTableOf, contextsOf, tlsOf} from './prepare.ts';
import {LOCAL_TOKEN, RunningService, revokeLocalTokens, settingsOf, WEB_ROOT} from './running.ts';

export interface StartOptions {
  readonly version: string;
  readonly log?: Logger | undefined;
  /** Takes what goes to the console. */
  readonly write?: ((line: string) => void) | undefined;
  /** Begin by learning what happened since: epoch milliseconds. */
  readonly backfillSince?: number | undefined;
  /** Learn without alerts until told otherwise; unless given, as it was before. */
  readonly learning?: boolean | undefined;
  /** Gives up starting. */
  readonly signal?: AbortSignal | undefined;
  /** Where variables of the configuration come from when it is read again. */
  readonly variables?: Readonly<Record<string, string | undefined>> | undefined;
  /** Folder of the web application. */
  readonly webRoot?: string | undefined;
  readonly threaded?: boolean | undefined;
}

/**
 * Starts the service: takes the data folder, opens the store, serves, goes through what was safe but
 * not done when it last ended, then reads the sources. The caller ends it by `stop`.
 *
 * @throws AppError, and leaves nothing running; InputFault for the files that the configuration names.
 */
export async function startService(
  loaded: LoadedConfig,
  options: StartOptions,
): Promise<RunningService> {
  const {config} = loaded;
  const log = options.log ?? createLog('silent');
  const contexts = await contextsOf(loaded);
  const asnTable = await asnTableOf(loaded);
  const tls = await tlsOf(loaded);
  const detections = readDetections(loaded);
  for (const pack of detections.missingPacks) {
    log.warn({pack}, `The pack "${pack}" is not part of this installation: it is not run`);
  }
  for (const {file, line, column, message} of detections.loaded.warnings) {
    log.warn({file, line, column}, `Detections: ${message}`);
  }
  const dataDir = dataDirOf(loaded);
  let service: RunningService | undefined;
  const lock = await DataDirLock.acquire(dataDir, {onLost: (error) => service?.fail(error)});
  let store: Store | undefined;
  try {
    store = await openPatiently(loaded, log, options.signal);
    service = new RunningService({
      loaded,
      detections,
      version: options.version,
      store,
      live: new LiveFeed(),
      lock,
      log,
      write: options.write ?? (() => {}),
      variables: options.variables ?? process.env,
    });
  } catch (error) {
    await store?.close();
    await lock.release();
    throw error;
  }
  try {
    const api = createApi(service, {
      auth: authOf(config),
      publicUrl: config.server.public_url,
      tls: tls !== undefined,
      webRoot: await webRootOf(options.webRoot ?? WEB_ROOT),
      limits: limitsOf(config),
      thresholds: thresholdsOf(config),
      log,
      metrics: new Metrics({process: true}),
    });
    await serve(service, api, {config, lock, tls});

    const backfill = await backfillOf(store, config, options.backfillSince);
    const first = backfill === undefined ? config.sources : config.sources.filter(hasHistory);
    const sources = await service.makeSources(first, {since: backfill?.since});
    const running = service;
    const ingestor = new Ingestor({
      dataDir,
      store,
      live: service.live,
      sources: sources.map((source) => ({source})),
      contexts,
      asnTable,
      settings: settingsOf(config),
      detections: detections.declared,
      get deliveryDelay() {
        return durationMs(running.config.detections.delivery_delay);
      },
      learning: backfill === undefined ? options.learning : true,
      // Read anew for each checkpoint, so that it can be changed while running.
      get checkpointEvery() {
        return durationMs(running.config.checkpoint.every);
      },
      log: (level, message, facts) => log[level](facts ?? {}, message),
      onCommitted: ({deliveries, detections: found}) => {
        if (found !== undefined) running.live.tell(found);
        if (deliveries.length > 0) running.kick();
      },
      onFatal: (error) => running.fail(error),
      ...(options.threaded !== undefined && {threaded: options.threaded}),
    });
    service.ingesting(ingestor);
    // Going through the journal, and waiting for the store, may take long.
    const onAbort = () => void running.stop();
    options.signal?.addEventListener('abort', onAbort, {once: true});
    await ingestor.start().finally(() => options.signal?.removeEventListener('abort', onAbort));
    const later = config.sources.filter((declared) => !first.includes(declared));
    service.run(
      backfill === undefined ? undefined : {later, complete: options.backfillSince !== undefined},
    );
    log.info({url: service.url, dataDir, version: options.version}, 'Running');
    return service;
  } catch (error) {
    await service.stop();
    throw error;
  }
}

/** Opens the store, also if that takes until another process or a server has come or gone. */
async function openPatiently(
  loaded: LoadedConfig,
  log: Logger,
  signal: AbortSignal | undefined,
): Promise<Store> {
  for (let delay = 250; ; delay = Math.min(delay * 2, 30_000)) {
    try {
      return await openStore(loaded);
    } catch (error) {
      if (!(error instanceof AppError) || !error.retryable) throw error;
      log.warn({retryInMs: delay}, `The store: ${error.message}`);
    }
    await sleep(delay, undefined, signal === undefined ? {} : {signal}).catch(() => {
      throw new AppError('interrupted', 'Stopped while waiting for the store');
    });
  }
}

/** Serves the API; and tells other programs of this machine how to reach it. */
async function serve(
  service: RunningService,
  api: ServiceApi,
  {config, lock, tls}: {config: Config; lock: DataDirLock; tls: Awaited<ReturnType<typeof tlsOf>>},
): Promise<void> {
  const servers: Served[] = [await serveApi(api, {...listenOf(config), tls})];
  service.serving(servers);
  // Commands on this machine speak plainly, and to an address that is surely ours.
  if (tls !== undefined || !isLoopback(config.server.listen)) {
    servers.push(await serveApi(api, {host: '127.0.0.1', port: 0}));
    service.serving(servers);
  }
  await revokeLocalTokens(service.store);
  let token = '';
  if (!api.open) {
    const made = await createToken(service.store, {
      name: LOCAL_TOKEN,
      scope: 'admin',
      expiresAt: null,
    });
    token = made.secret;
  }
  await lock.tell({url: servers.at(-1)?.url ?? '', token});
}

interface Backfill {
  readonly since: number | undefined;
}

/** What is to be learnt first: as asked for now, or what an earlier run did not come to the end of. */
async function backfillOf(
  store: Store,
  {data_dir: dataDir}: Config,
  since: number | undefined,
): Promise<Backfill | undefined> {
  const kept = await store.setting('backfill');
  const before =
    kept === undefined ? undefined : (JSON.parse(kept) as {since?: number; doneAt?: number});
  if (before !== undefined && before.doneAt === undefined) return {since: before.since};
  if (since === undefined) return undefined;
  if (before !== undefined || (await store.head()).entry > 0) {
    throw new AppError(
      'usage',
      `"${dataDir}" has been followed live before: what is older can no longer be learnt first. ` +
        'Use another data_dir, or `oddtrail run`',
    );
  }
  await store.putSetting('backfill', JSON.stringify({since}));
  return {since};
}

function authOf({server}: Config): {tokens: boolean; oidc?: OidcOptions} | undefined {
  if (server.auth === undefined) return undefined;
  const {tokens, oidc} = server.auth;
  if (oidc === undefined) return {tokens};
  return {
    tokens,
    oidc: {
      issuer: oidc.issuer,
      clientId: oidc.client_id,
      clientSecret: oidc.client_secret,
      scopes: oidc.scopes,
      roleClaim: oidc.role_claim,
      roles: oidc.roles,
      defaultRole: oidc.default_role,
    },
  };
}

function limitsOf({server, sources}: Config) {
  const perSecond = server.max_requests_per_second;
  const bodies = sources.flatMap((each) => (each.type === 'http' ? [each.max_body_bytes] : []));
  return {
    // Whoever is on this machine is not slowed down.
    ...(server.auth !== undefined && {requests: {perSecond, burst: Math.ceil(5 * perSecond)}}),
    ...(bodies.length > 0 && {pushBytes: Math.max(...bodies)}),
  };
}

/** Lines of the plot: the usual two, and where somebody is told. */
function thresholdsOf({alerts}: Config): number[] {
  const all = alerts.destinations.map(({min_score}) => min_score).filter((score) => score > 0);
  return [...new Set([0.95, 0.99, ...all])].sort((a, b) => a - b);
}

async function webRootOf(folder: string): Promise<string | undefined> {
  // A build for tests may be without the pages.
  return stat(folder).then(
    () => folder,
    () => undefined,
  );
}
