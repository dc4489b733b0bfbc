import {readFile} from 'node:fs/promises';
import {AppError} from '../../base/errors.ts';
import {readAsnTable} from '../asn-file.ts';
import {readContexts} from '../context-file.ts';
import type {Contexts} from '../contexts.ts';
import {pathOf} from './adapters.ts';
import type {LoadedConfig} from './load-config.ts';

/** The contexts that the configuration names, with what it says otherwise put in. */
export async function contextsOf(loaded: LoadedConfig): Promise<Contexts> {
  const {contexts: file, time_zone: timeZone, organisation_accounts: accounts} = loaded.config;
  const {stream, contexts} = await readContexts(
    file === undefined ? undefined : pathOf(loaded, file),
  );
  return {
    contexts,
    stream: {
      ...stream,
      ...(timeZone !== undefined && {timeZone}),
      ...(accounts !== undefined && {organisationAccounts: accounts}),
    },
  };
}

/** Text of the table of AS numbers, if one is configured. */
export async function asnTableOf(loaded: LoadedConfig): Promise<string | undefined> {
  const {asn_table: file} = loaded.config;
  return file === undefined ? undefined : readAsnTable(pathOf(loaded, file));
}

/** Certificate and key of the server, if it has its own. */
export async function tlsOf(
  loaded: LoadedConfig,
): Promise<{readonly cert: string; readonly key: string} | undefined> {
  const {tls} = loaded.config.server;
  if (tls === undefined) return undefined;
  const read = (path: string) =>
    readFile(pathOf(loaded, path), 'utf8').catch((cause: NodeJS.ErrnoException) => {
      throw new AppError('usage', `Cannot read "${path}": ${cause.code ?? 'unknown'}`, {cause});
    });
  return {cert: await read(tls.cert), key: await read(tls.key)};
}
