import {durationMs} from '../app/detections.ts';
import {withControl} from '../app/service/control.ts';
import {loadConfig} from '../app/service/load-config.ts';
import {LOCAL_TOKEN} from '../app/service/running.ts';
import {AppError} from '../base/errors.ts';
import {oneOf} from './options.ts';
import {type Output, plain} from './output.ts';
import {writeLine} from './run.ts';
import {table} from './table.ts';

interface Configured {
  readonly config: string;
}

export interface TokenOptions extends Configured {
  readonly name: string;
  readonly scope: string;
  readonly expires: string;
}

/** Makes a token; its secret is told this once. */
export async function tokenCreateCommand(options: TokenOptions, output: Output): Promise<number> {
  const {name} = options;
  const scope = oneOf('--scope', options.scope, ['read', 'write', 'admin']);
  if (!/^[\w.@ -]{1,64}$/.test(name)) {
    throw new AppError('usage', `--name is "${name}"; wanted: letters, digits and ". @ - _"`);
  }
  const after = options.expires === 'never' ? null : durationMs(options.expires);
  if (Number.isNaN(after)) {
    throw new AppError('usage', `--expires is "${options.expires}"; wanted: 90d, or never`);
  }
  const loaded = await loadConfig(options.config);
  if (loaded.config.server.auth?.tokens === false) {
    throw new AppError('usage', 'The configuration says `server.auth.tokens: false`');
  }
  const expiresAt = after === null ? null : Date.now() + after;
  const {secret, token} = await withControl(loaded, (control) =>
    control.createToken({name, scope, expiresAt}),
  );
  await output.write(`${secret}\n`);
  output.note(
    `Token ${token.id} (${scope}). It is shown this once; keep it where secrets are kept.`,
  );
  if (loaded.config.server.auth === undefined) {
    output.note('The configuration has no `server.auth`: nobody is asked for a token yet.');
  }
  return 0;
}

export async function tokenListCommand(options: Configured, output: Output): Promise<number> {
  const tokens = await withControl(await loadConfig(options.config), (control) => control.tokens());
  const made = tokens.filter(({name}) => name !== LOCAL_TOKEN);
  if (made.length === 0) {
    output.note('There are none.');
    return 0;
  }
  const day = (time: number | null, otherwise: string) =>
    time === null ? otherwise : new Date(time).toISOString().slice(0, 16).replace('T', ' ');
  await output.write(
    table(
      ['id', 'name', 'scope', 'made (UTC)', 'expires', 'last used', 'revoked'].map((title) => ({
        title,
      })),
      made.map((token) => [
        token.id,
        token.name,
        token.scope,
        day(token.createdAt, ''),
        day(token.expiresAt, 'never'),
        day(token.lastUsedAt, 'never'),
        day(token.revokedAt, ''),
      ]),
      output.columns,
    ),
  );
  return 0;
}

export async function tokenRevokeCommand(
  id: string,
  options: Configured,
  output: Output,
): Promise<number> {
  const done = await withControl(await loadConfig(options.config), (control) =>
    control.revokeToken(id),
  );
  if (!done) throw new AppError('usage', `There is no token "${id}" that is still good`);
  output.note(`Token ${id} is revoked.`);
  return 0;
}

export async function alertsTestCommand(
  name: string,
  options: Configured,
  output: Output,
): Promise<number> {
  const status = await withControl(
    await loadConfig(options.config),
    (control) => control.testDestination(name),
    (line) => writeLine(line, output),
  );
  await output.write(`${plain(name)}: ${plain(status)}\n`);
  return 0;
}

export async function alertsReplayCommand(
  name: string | undefined,
  options: Configured,
  output: Output,
): Promise<number> {
  const {count, running} = await withControl(await loadConfig(options.config), async (control) => ({
    count: await control.replayAlerts(name),
    running: control.running,
  }));
  await output.write(`${count} dead deliveries are tried again\n`);
  if (!running && count > 0) output.note('They go out once the service runs.');
  return 0;
}

export async function reloadCommand(options: Configured, output: Output): Promise<number> {
  const {changed, needRestart} = await withControl(await loadConfig(options.config), (control) =>
    control.reload(),
  );
  await output.write(`changed: ${changed.length === 0 ? 'nothing' : changed.join(', ')}\n`);
  if (needRestart.length > 0) await output.write(`needs a restart: ${needRestart.join(', ')}\n`);
  return 0;
}
