import type {Config} from './config.ts';

/** What a new configuration changes in a service that is running. */
export interface ReloadPlan {
  /** Settings that take effect now, by path. */
  readonly changed: readonly string[];
  /** Settings that take effect at the next start; until then the former ones hold. */
  readonly needRestart: readonly string[];
  /** The configuration in force from now on. */
  readonly config: Config;
}

/** Settings that what is learnt, stored or served rests on. */
const AT_START = [
  'data_dir',
  'contexts',
  'time_zone',
  'organisation_accounts',
  'asn_table',
  'store',
  'server.listen',
  'server.public_url',
  'server.tls',
  'server.auth',
  'server.max_requests_per_second',
  'log.format',
] as const;

/** Sections and the settings in them that a running service takes over. */
const AT_ONCE = [
  'keep.observations_from',
  'keep.reasons_from',
  'keep.records_from',
  'keep.observations',
  'keep.records',
  'keep.max_mb',
  'alerts.update_every',
  'alerts.give_up_after',
  'detections.delivery_delay',
  'checkpoint.every',
  'log.level',
] as const;

/** Compares a configuration with the one in force. */
export function planReload(before: Config, after: Config): ReloadPlan {
  const differ = (path: string) => !alike(valueAt(before, path), valueAt(after, path));
  const changed: string[] = AT_ONCE.filter(differ);
  const needRestart: string[] = AT_START.filter(differ);
  changed.push(
    ...named('sources', before.sources, after.sources),
    ...named('alerts.destinations', before.alerts.destinations, after.alerts.destinations),
  );
  const config = structuredClone(after);
  for (const path of needRestart) put(config, path, valueAt(before, path));
  return {changed, needRestart, config};
}

interface Named {
  readonly name: string;
}

/** Those that came, went or changed. */
export function differences<T extends Named>(
  before: readonly T[],
  after: readonly T[],
): {readonly gone: readonly T[]; readonly come: readonly T[]} {
  const same = (one: T) => (other: T) => alike(one, other);
  return {
    gone: before.filter((one) => !after.some(same(one))),
    come: after.filter((one) => !before.some(same(one))),
  };
}

function named<T extends Named>(path: string, before: readonly T[], after: readonly T[]): string[] {
  const {gone, come} = differences(before, after);
  return [...new Set([...gone, ...come].map(({name}) => `${path}.${name}`))];
}

function valueAt(config: Config, path: string): unknown {
  let value: unknown = config;
  for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}

function put(config: Config, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() as string;
  let object = config as unknown as Record<string, unknown>;
  for (const key of keys) object = object[key] as Record<string, unknown>;
  if (value === undefined) delete object[last];
  else object[last] = value;
}

/** Both come from one schema, which puts keys into one order. */
function alike(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
