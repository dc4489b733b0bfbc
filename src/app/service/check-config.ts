import {constants} from 'node:fs';
import {access, stat} from 'node:fs/promises';
import {connect as connectTcp} from 'node:net';
import {dirname} from 'node:path';
import {connect as connectTls} from 'node:tls';
import {AppError} from '../../base/errors.ts';
import {InputFault} from '../input-fault.ts';
import {dataDirOf, makeAlerter, makeSource, openStore, pathOf} from './adapters.ts';
import type {DestinationConfig} from './config.ts';
import {holderOfDataDir} from './data-dir-lock.ts';
import {readDetections} from './declared-files.ts';
import type {LoadedConfig} from './load-config.ts';
import {asnTableOf, contextsOf, tlsOf} from './prepare.ts';

/** What became of one look at the configuration or the world. */
export interface Finding {
  /** Such as "source files" or "store". */
  readonly what: string;
  /** `input`: the person who wrote the files can mend it; `world`: something does not answer. */
  readonly state: 'ok' | 'input' | 'world';
  readonly detail: string;
}

const PATIENCE_MS = 15_000;

/**
 * Looks at what a sound configuration names: the files always, the rest of the world when `connect`
 * says so. Sends nothing to anybody, and makes nothing that was not there.
 */
export async function* checkConfig(
  loaded: LoadedConfig,
  {connect}: {readonly connect: boolean},
): AsyncGenerator<Finding, void, undefined> {
  const {config} = loaded;
  yield* look('contexts', async () => {
    const {contexts} = await contextsOf(loaded);
    return contexts.map(({name}) => name).join(', ');
  });
  yield* look('detections', async () => {
    const {loaded: read, missingPacks} = readDetections(loaded);
    const running = read.detections.filter(({mode}) => mode !== 'off').length;
    const warned = read.warnings.length === 0 ? '' : `, ${read.warnings.length} warnings`;
    const missing = missingPacks.length === 0 ? '' : `; not installed: ${missingPacks.join(', ')}`;
    return `${running} of ${read.detections.length} run${warned}${missing}`;
  });
  if (config.asn_table !== undefined) {
    yield* look('asn_table', async () => {
      await asnTableOf(loaded);
      return 'read';
    });
  }
  if (config.server.tls !== undefined) {
    yield* look('server.tls', async () => {
      await tlsOf(loaded);
      return 'read';
    });
  }
  if (!connect) return;
  yield* look('data_dir', () => checkDataDir(loaded));
  yield* look('store', () => checkStore(loaded));
  for (const declared of config.sources) {
    yield* look(`source ${declared.name}`, async () => {
      const source = await makeSource(loaded, declared);
      try {
        await source.check();
      } finally {
        // Standard input is closed by closing its source; it was only looked at.
        if (declared.type !== 'stdin') await source.close();
      }
      return declared.type;
    });
  }
  for (const declared of config.alerts.destinations) {
    yield* look(`destination ${declared.name}`, () => checkDestination(loaded, declared));
  }
}

async function* look(
  what: string,
  check: () => Promise<string>,
): AsyncGenerator<Finding, void, undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `No answer within ${PATIENCE_MS / 1000} s`;
      reject(new AppError('source_unreadable', message, {retryable: true}));
    }, PATIENCE_MS);
  });
  try {
    yield {what, state: 'ok', detail: await Promise.race([check(), late])};
  } catch (error) {
    if (error instanceof InputFault) yield {what, state: 'input', detail: error.message};
    else if (error instanceof AppError) {
      const state = error.code === 'usage' ? 'input' : 'world';
      yield {what, state, detail: error.message};
    } else throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function checkDataDir(loaded: LoadedConfig): Promise<string> {
  const folder = dataDirOf(loaded);
  const holder = await holderOfDataDir(folder);
  if (holder !== undefined) return `in use by process ${holder.pid} on ${holder.host}`;
  await checkWritable(folder);
  return folder;
}

async function checkStore(loaded: LoadedConfig): Promise<string> {
  const {store} = loaded.config;
  const folder = dataDirOf(loaded);
  if (store.type === 'duckdb') {
    const holder = await holderOfDataDir(folder);
    if (holder !== undefined) return 'duckdb, open in the running service';
    const there = await stat(`${folder}/store.duckdb`).then(
      () => true,
      () => false,
    );
    if (!there) return 'duckdb, to be made';
  }
  const opened = await openStore(loaded);
  try {
    const {observations} = await opened.size();
    return `${store.type}, ${observations} observations`;
  } finally {
    await opened.close();
  }
}

/** Whether a folder can be written to, or made. */
async function checkWritable(folder: string): Promise<void> {
  let at = folder;
  for (;;) {
    try {
      await access(at, constants.W_OK);
      return;
    } catch (cause) {
      const {code} = cause as NodeJS.ErrnoException;
      const above = dirname(at);
      if (code === 'ENOENT' && above !== at) {
        at = above;
        continue;
      }
      const message = `Cannot write to "${at}": ${code ?? 'unknown'}`;
      throw new AppError('output_unwritable', message, {cause});
    }
  }
}

/** Finds out whether somebody is there; sends nothing. */
async function checkDestination(
  loaded: LoadedConfig,
  declared: DestinationConfig,
): Promise<string> {
  // Its address is checked when it is made.
  await makeAlerter(loaded, declared, () => {}).close();
  switch (declared.type) {
    case 'console':
      return 'standard output';
    case 'file':
      await checkWritable(dirname(pathOf(loaded, declared.path)));
      return declared.path;
    case 'pagerduty':
      return reach(declared.url ?? 'https://events.pagerduty.com');
    case 'slack':
    case 'webhook':
      return reach(declared.url);
  }
}

/** Opens a connection to the host of an address, with TLS where the address says so. */
function reach(address: string): Promise<string> {
  const {protocol, hostname, port, host} = new URL(address);
  const bare = hostname.replace(/^\[|\]$/g, '');
  const secure = protocol === 'https:';
  const at = {host: bare, port: port === '' ? (secure ? 443 : 80) : Number(port)};
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown) =>
      reject(new AppError('source_unreadable', `Cannot reach "${host}": ${why}`, {cause}));
    const socket = secure ? connectTls({...at, servername: bare}) : connectTcp(at);
    socket.setTimeout(PATIENCE_MS - 1_000, () => {
      socket.destroy();
      fail('no answer');
    });
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      socket.destroy();
      resolve(`${host} answers`);
    });
    socket.once('error', (cause: NodeJS.ErrnoException) =>
      fail(cause.code ?? cause.message, cause),
    );
  });
}
