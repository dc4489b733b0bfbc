import type {Random} from '../base/random.ts';
import {hex} from './draw.ts';

const EC2_PREFIXES: Readonly<Record<string, string>> = {
  instance: 'i-',
  volume: 'vol-',
  snapshot: 'snap-',
  eni: 'eni-',
  group: 'sg-',
  vpc: 'vpc-',
  subnet: 'subnet-',
  image: 'ami-',
  template: 'lt-',
};

const POOL_SIZES: Readonly<Record<string, number>> = {
  instance: 9,
  volume: 9,
  snapshot: 7,
  eni: 9,
  parameter: 8,
  loggroup: 5,
  function: 5,
  bucket: 4,
  alarm: 6,
  secret: 3,
  vpc: 1,
  key: 2,
  trail: 1,
  detector: 1,
  hub: 1,
};

const SUFFIXES = [
  'data',
  'assets',
  'exports',
  'logs',
  'backup',
  'uploads',
  'reports',
  'archive',
  'staging',
  'cache',
] as const;
const STEPS = [
  'api',
  'worker',
  'ingest',
  'notify',
  'cleanup',
  'export',
  'sync',
  'authorizer',
  'report',
  'resize',
] as const;
const SETTINGS = [
  'database/url',
  'feature-flags',
  'api/token',
  'log-level',
  'queue/url',
  'cache/host',
  'license',
  'smtp/password',
] as const;

/** An application: what belongs together in one account and region, and is named alike. */
export interface App {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** Existing resources by kind; grows while the simulation runs. */
  readonly resources: Map<string, string[]>;
}

/** A new name of this kind, as this application would give it. */
export function newResource(random: Random, app: App, kind: string): string {
  const prefix = EC2_PREFIXES[kind];
  if (prefix !== undefined) return `${prefix}0${hex(random, 16)}`;
  const {name, account, region} = app;
  const count = app.resources.get(kind)?.length ?? 0;
  const number = count < 8 ? '' : `-${count}`;
  switch (kind) {
    case 'bucket':
      return `northwind-${name}-${SUFFIXES[count % 10]}${number}`;
    case 'role':
    case 'assume':
      return `app-${name}${count === 0 ? '' : `-${STEPS[count % 10]}`}`;
    case 'policy':
      return `arn:aws:iam::${account}:policy/${name}-${STEPS[count % 10]}${number}`;
    case 'key':
      return `arn:aws:kms:${region}:${account}:key/${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`;
    case 'secret':
      return `prod/${name}/${['database', 'api-key', 'oauth', 'signing'][count % 4]}${number}`;
    case 'parameter':
      return `/${name}/${SETTINGS[count % 8]}${number}`;
    case 'function':
      return `${name}-${STEPS[count % 10]}${number}`;
    case 'loggroup':
      return `/aws/${count % 2 === 0 ? 'lambda' : 'ecs'}/${name}-${STEPS[count % 10]}${number}`;
    case 'user':
      return `svc-${name}${number}`;
    case 'trail':
      return 'organization-trail';
    case 'detector':
      return hex(random, 32);
    case 'zone':
      return `Z${hex(random, 13).toUpperCase()}`;
    case 'distribution':
      return `E${hex(random, 13).toUpperCase()}`;
    default:
      return `${name}-${kind}${count === 0 ? '' : `-${count + 1}`}`;
  }
}

/** One of the application's resources; the first are the most used. */
export function usualResource(random: Random, app: App, kind: string): string {
  let pool = app.resources.get(kind);
  if (pool === undefined) {
    pool = [];
    app.resources.set(kind, pool);
    const size = POOL_SIZES[kind] ?? 3;
    while (pool.length < size) pool.push(newResource(random, app, kind));
  }
  const skewed = random.next() * random.next();
  return pool[Math.floor(skewed * pool.length)] as string;
}

/** Adds a resource that did not exist before, and bounds the pool by forgetting old ones. */
export function createResource(random: Random, app: App, kind: string): string {
  usualResource(random, app, kind);
  const pool = app.resources.get(kind) as string[];
  const name = newResource(random, app, kind);
  pool.unshift(name);
  if (pool.length > 40) pool.pop();
  return name;
}
