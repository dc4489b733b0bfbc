import type {Random} from '../base/random.ts';
import {hex, publicAddress, publicNetwork} from './draw.ts';
import type {App} from './resources.ts';

export interface Account {
  readonly id: string;
  readonly name: string;
  /** Regions in use, the main one first. */
  readonly regions: readonly string[];
  /** Addresses of its NAT gateways. */
  readonly nat: readonly string[];
  /** VPC endpoints of its workloads. */
  readonly endpoints: readonly string[];
}

export interface Office {
  readonly name: string;
  /** Hours east of UTC. */
  readonly zone: number;
  readonly addresses: readonly string[];
}

export interface Org {
  readonly id: string;
  readonly accounts: readonly Account[];
  readonly apps: App[];
  readonly offices: readonly Office[];
  /** Egress addresses of the company VPN; moves to new ones once in a long while. */
  readonly vpn: readonly string[];
  /** How many times larger than the usual organisation this one is. */
  readonly scale: number;
}

const ACCOUNT_NAMES = [
  'management',
  'production',
  'staging',
  'development',
  'data',
  'security',
  'shared',
  'sandbox',
  'retail',
  'payments',
  'mobile',
  'research',
] as const;
const APP_NAMES = [
  'checkout',
  'catalog',
  'search',
  'payments',
  'ledger',
  'orders',
  'inventory',
  'pricing',
  'identity',
  'media',
  'loyalty',
  'returns',
  'recommend',
  'warehouse',
  'shipping',
  'support-desk',
  'newsletter',
  'reporting',
  'fraud',
  'billing',
  'gateway',
  'mobile-api',
  'storefront',
  'datalake',
  'forecast',
  'events-hub',
  'image-resizer',
  'audit',
  'partners',
  'intranet',
] as const;
const REGIONS = ['eu-west-1', 'us-east-1', 'eu-central-1', 'us-west-2', 'ap-southeast-1'] as const;

/** What the organisation owns: accounts, networks, applications. Its people and roles come after. */
export function makeOrg(random: Random, eventsPerDay: number): Org {
  const scale = eventsPerDay / 15_000;
  const accountCount = Math.max(3, Math.min(60, Math.round(6 * scale ** 0.4)));
  const accounts: Account[] = [];
  for (let i = 0; i < accountCount; i++) {
    const regions =
      i < 2 ? REGIONS.slice(0, 3) : random.shuffle([...REGIONS]).slice(0, random.between(1, 3));
    accounts.push({
      id: String(random.between(100_000, 999_999)) + String(random.between(100_000, 999_999)),
      name: i < ACCOUNT_NAMES.length ? (ACCOUNT_NAMES[i] as string) : `team-${i}`,
      regions: regions.includes('us-east-1') ? regions : [...regions, 'us-east-1'],
      nat: Array.from({length: random.between(1, 3)}, () => awsAddress(random)),
      endpoints: Array.from({length: 2}, () => `vpce-0${hex(random, 16)}`),
    });
  }
  const apps: App[] = [];
  const appCount = Math.max(10, Math.round(26 * scale ** 0.6));
  for (let i = 0; i < appCount; i++) {
    const account = accounts[i === 0 ? 1 : 1 + random.below(accounts.length - 1)] as Account;
    const base = APP_NAMES[i % APP_NAMES.length] as string;
    apps.push({
      name: i < APP_NAMES.length ? base : `${base}-${Math.floor(i / APP_NAMES.length) + 1}`,
      account: account.id,
      region: account.regions[
        random.chance(0.75) ? 0 : random.below(account.regions.length)
      ] as string,
      resources: new Map(),
    });
  }
  const offices = [
    {name: 'Dublin', zone: 0},
    {name: 'New York', zone: -5},
    {name: 'Pune', zone: 5.5},
    {name: 'Berlin', zone: 1},
  ].map(({name, zone}) => {
    const network = publicNetwork(random);
    return {
      name,
      zone,
      addresses: Array.from({length: 3}, () => `${network}.${random.between(2, 250)}`),
    };
  });
  const vpn = Array.from({length: 2}, () => publicAddress(random));
  return {id: `o-${hex(random, 10)}`, accounts, apps, offices, vpn, scale};
}

const AWS_OCTETS = [
  '3.248',
  '3.250',
  '18.202',
  '34.240',
  '34.245',
  '34.252',
  '44.192',
  '52.16',
  '52.48',
  '52.208',
  '54.72',
  '54.154',
  '54.216',
  '63.32',
  '99.80',
] as const;

/** A public address of the cloud itself: NAT gateways, functions outside a VPC. */
export function awsAddress(random: Random): string {
  return `${random.pick(AWS_OCTETS)}.${random.below(256)}.${random.between(1, 254)}`;
}

/** A private address, as calls through a VPC endpoint show. */
export function privateAddress(random: Random): string {
  return `10.${random.below(64)}.${random.below(256)}.${random.between(4, 250)}`;
}
