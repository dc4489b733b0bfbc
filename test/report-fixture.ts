import {Random} from '../src/base/random.ts';
import type {ReportData, ReportEvent, ReportFacet} from '../src/web/report/data.ts';

const ACCOUNT = '123456789012';
const START = Date.UTC(2026, 9, 5);
const DAY_MS = 86_400_000;
const DAYS = 14;

const OPERATIONS = [
  'ec2:DescribeInstances',
  'ec2:CreateNetworkInterface',
  's3:GetObject',
  's3:ListBuckets',
  'sts:AssumeRole',
  'sts:GetCallerIdentity',
  'kms:Decrypt',
  'logs:PutLogEvents',
  'lambda:Invoke20150331',
  'dynamodb:Query',
  'iam:ListRoles',
  'servicediscovery:ListNamespaces',
  'elasticloadbalancing:DescribeLoadBalancers',
  'ec2:CreateSnapshot',
  'ec2:ModifySnapshotAttribute',
  'ec2:DeleteSnapshot',
  'secretsmanager:ListSecrets',
] as const;

/** What raul's stolen keys do, in order: day, hour, operation, score. */
const RAUL: readonly (readonly [number, string, (typeof OPERATIONS)[number], number])[] = [
  [9, '19:02:11', 's3:ListBuckets', 0.9631],
  [9, '19:02:43', 'iam:ListRoles', 0.9712],
  [9, '19:03:05', 'secretsmanager:ListSecrets', 0.9688],
  [9, '21:17:30', 'servicediscovery:ListNamespaces', 0.99612],
  [9, '21:17:31', 'elasticloadbalancing:DescribeLoadBalancers', 0.9847],
  [11, '03:41:00', 'sts:GetCallerIdentity', 0.9731],
  [11, '03:41:52', 'ec2:CreateSnapshot', 0.99743],
  [11, '03:44:09', 'ec2:ModifySnapshotAttribute', 0.999962],
  [11, '04:10:27', 'ec2:DeleteSnapshot', 0.99891],
];

/** A report of so many events of an invented firm, with raul among them; the same every time. */
export function fakeReport(events: number, seed: number | string = 'report'): ReportData {
  const random = new Random(seed);
  const names = ['raul', 'alice', 'bob', 'carla', 'dmitri', 'erin', 'farid', 'gita'];
  const roles = [
    'app-web',
    'app-orders',
    'deploy-pipeline',
    'backup',
    'audit-scanner',
    'etl-nightly',
  ];
  const people = names.map((name) => ({
    name: `${ACCOUNT}:user/${name}`,
    display: name,
    kind: 'user',
  }));
  const workloads = Array.from({length: 40}, (_, i) => {
    const role = `${roles[i % roles.length]}${i < roles.length ? '' : `-${i}`}`;
    return {name: `${ACCOUNT}:role/${role}`, display: role, kind: 'role'};
  });
  const who = [...people, ...workloads];
  const weights = who.map((_, i) => (i < people.length ? 1 : 12 / (1 + i - people.length)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);

  const time: number[] = [];
  const score: number[] = [];
  const principal: number[] = [];
  const operation: number[] = [];
  const explanation: number[] = [];
  const top: ReportEvent[] = [];
  const add = (at: number, by: number, what: number, how: number) => {
    explanation.push(how >= 0.95 && top.length < 500 ? top.length : -1);
    if (explanation.at(-1) !== -1) top.push(eventOf(random, at, by, what, how, who[by]!.display));
    time.push(at);
    score.push(how);
    principal.push(by);
    operation.push(what);
  };

  for (const [day, clock, name, how] of RAUL) {
    const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
    const at = START + day * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000;
    add(at, 0, OPERATIONS.indexOf(name), how);
  }
  for (let i = RAUL.length; i < events; i++) {
    const hour = Math.floor(random.next() * 24);
    const busy = hour >= 7 && hour < 18 ? 1 : 0.35;
    if (!random.chance(busy)) {
      i--;
      continue;
    }
    const day = Math.floor(random.next() * DAYS);
    const at = START + day * DAY_MS + Math.floor((hour + random.next()) * 3600) * 1000;
    let pick = random.next() * total;
    let by = 0;
    while (by < weights.length - 1 && pick > weights[by]!) pick -= weights[by++]!;
    // What was new becomes familiar: down and to the right.
    const age = (at - START) / DAY_MS;
    const novelty = random.chance(0.004 * Math.exp(-age / 2)) ? random.next() * 0.25 + 0.74 : 0;
    const usual =
      (1 - Math.sqrt(random.next() * 0.998 + 0.002)) * (0.75 + 0.25 * Math.exp(-age / 3));
    add(at, by, random.below(11), Math.min(0.9985, Math.max(novelty, usual)));
  }

  const principals = who.map((one, i) => {
    const mine = principal.flatMap((by, at) => (by === i ? [at] : []));
    const scores = mine.map((at) => score[at]!);
    const times = mine.map((at) => time[at]!);
    return {
      ...one,
      account: ACCOUNT,
      events: mine.length,
      maxScore: scores.reduce((most, one) => Math.max(most, one), 0),
      over95: scores.filter((one) => one >= 0.95).length,
      over99: scores.filter((one) => one >= 0.99).length,
      first: times.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY),
      last: times.reduce((most, one) => Math.max(most, one), 0),
    };
  });
  const days = Array.from({length: DAYS}, (_, day) => {
    const from = START + day * DAY_MS;
    const scores = score.filter((_, i) => time[i]! >= from && time[i]! < from + DAY_MS);
    return {
      time: from,
      events: scores.length,
      over95: scores.filter((one) => one >= 0.95).length,
      over99: scores.filter((one) => one >= 0.99).length,
      maxScore: scores.reduce((most, one) => Math.max(most, one), 0),
    };
  });
  return {
    title: 'Novelty in CloudTrail, 5–18 October 2026',
    generatedAt: Date.UTC(2026, 9, 19, 6, 30),
    range: {from: Math.min(...days.map((day) => day.time)), to: START + DAYS * DAY_MS},
    totals: {
      events,
      files: 672,
      principals: principals.length,
      accounts: 1,
      over95: score.filter((one) => one >= 0.95).length,
      over99: score.filter((one) => one >= 0.99).length,
      rejected: {invalid_json: 3},
      dropped: {duplicate: 218},
    },
    thresholds: [0.95, 0.99],
    points: {time, score, principal, operation, explanation},
    principals,
    operations: OPERATIONS,
    top,
    days,
  };
}

/** A report in which nothing happened. */
export function emptyReport(): ReportData {
  const none = {events: 0, files: 2, principals: 0, accounts: 0, over95: 0, over99: 0};
  return {
    title: 'Nothing',
    range: {from: 0, to: 0},
    totals: {...none, rejected: {}, dropped: {}},
    thresholds: [0.95, 0.99],
    points: {time: [], score: [], principal: [], operation: [], explanation: []},
    principals: [],
    operations: [],
    top: [],
    days: [],
  };
}

/** The same value with every string in it, keys left alone, replaced. */
export function withEveryString<T>(value: T, replace: (text: string) => string): T {
  if (typeof value === 'string') return replace(value) as T;
  if (Array.isArray(value)) return value.map((item) => withEveryString(item, replace)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, withEveryString(item, replace)]);
  return Object.fromEntries(entries) as T;
}

function eventOf(
  random: Random,
  time: number,
  principal: number,
  operation: number,
  score: number,
  display: string,
): ReportEvent {
  const name = OPERATIONS[operation]!;
  const [service = '', eventName = ''] = name.split(':');
  const stolen = principal === 0 && time > START + 8 * DAY_MS;
  const network = stolen ? '203.0.113.0/24' : '198.51.100.0/24';
  const shared = name === 'ec2:ModifySnapshotAttribute';
  const resource = shared
    ? 'external:999988887777'
    : name.includes('Snapshot')
      ? 'snap-0a1b2c3d4e5f60718'
      : '-';
  const scale = -Math.log10(1 - score);
  const facets: ReportFacet[] = [
    facet('operation', name, 3.1 * scale, 'peer', [
      {value: 'ec2:DescribeInstances', share: 0.41},
      {value: 's3:GetObject', share: 0.33},
    ]),
    facet('network', network, stolen ? 2.2 * scale : 0.3, stolen ? 'never' : 'self', [
      {value: '198.51.100.0/24', share: 0.97},
    ]),
    facet('resource', resource, shared ? 9.7 : 0.4, shared ? 'never' : 'self', []),
    facet('userAgent', stolen ? 'boto3' : 'console', stolen ? 4.4 : 0.1, 'everyone', [
      {value: 'console', share: 0.88},
      {value: 'aws-cli', share: 0.12},
    ]),
    facet('hour', 'h0', stolen ? 2.6 : 0.6, 'self', [{value: 'h2', share: 0.6}]),
    facet('region', 'eu-central-1', 0.2, 'self', [{value: 'eu-central-1', share: 1}]),
  ];
  const bits = facets.reduce((sum, one) => sum + one.bits, 0);
  const hex = () => random.uint32().toString(16).padStart(8, '0');
  const id = `${hex()}-${hex().slice(4)}-4${hex().slice(5)}-a${hex().slice(5)}-${hex()}${hex().slice(4)}`;
  return {
    eventId: id,
    time,
    score,
    principal,
    operation,
    account: ACCOUNT,
    region: 'eu-central-1',
    network,
    userAgent: stolen ? 'boto3' : 'console',
    error: random.chance(0.2) ? 'AccessDenied' : '-',
    resource,
    reason: `${display} → ${name}: never by ${display} (412 actions, 23 operations), by 0 of 14 peers, by 3 backup roles${shared ? '; shared with the outside account 999988887777' : ''}`,
    facets: facets.map((one) => ({...one, share: one.bits / bits})),
    source: {
      file: `AWSLogs/${ACCOUNT}/CloudTrail/eu-central-1/2026/10/16/${ACCOUNT}_CloudTrail_eu-central-1_20261016T0345Z_x.json.gz`,
      index: random.below(900),
    },
    record: {
      eventVersion: '1.08',
      userIdentity: {
        type: 'IAMUser',
        arn: `arn:aws:iam::${ACCOUNT}:user/${display}`,
        userName: display,
      },
      eventTime: new Date(time).toISOString(),
      eventSource: `${service}.amazonaws.com`,
      eventName,
      awsRegion: 'eu-central-1',
      sourceIPAddress: network.replace('0/24', '77'),
      userAgent: stolen ? 'Boto3/1.34.51 Python/3.11.8 Linux/6.1' : 'AWS Internal',
      requestParameters: shared
        ? {
            snapshotId: 'snap-0a1b2c3d4e5f60718',
            createVolumePermission: {add: {items: [{userId: '999988887777'}]}},
          }
        : null,
      eventID: id,
    },
  };
}

function facet(
  name: string,
  value: string,
  bits: number,
  knownAt: string,
  usual: ReportFacet['usual'],
): ReportFacet {
  const counts = {total: 412, distinct: 23, value: knownAt === 'self' ? 120 : 0};
  return {name, value, bits, share: 0, knownAt, usual, counts};
}
