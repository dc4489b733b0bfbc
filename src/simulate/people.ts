import type {Random} from '../base/random.ts';
import type {Call, Session} from './call.ts';
import {base32, publicAddress, publicNetwork, spread, uuid, Weighted} from './draw.ts';
import {ordinaryError} from './errors.ts';
import {assumedRole, awsService, iamUser, identityCenterUser, samlUser} from './identity.ts';
import {type Operation, operation, SERVICES} from './operations.ts';
import type {Office, Org} from './org.ts';
import {assumeRoleResponse, stableId} from './parameters.ts';
import {type App, createResource, usualResource} from './resources.ts';
import * as userAgents from './user-agents.ts';

const HOUR = 3_600_000;

export type Family = 'developer' | 'data' | 'ops' | 'security' | 'finance' | 'support' | 'admin';

interface FamilyHabits {
  readonly share: number;
  readonly permissionSets: readonly string[];
  /** Services, most used first. */
  readonly services: string;
  /** Share of what they do that changes something. */
  readonly writes: number;
  readonly console: number;
  readonly callsPerDay: number;
}

const FAMILIES: Readonly<Record<Family, FamilyHabits>> = {
  developer: {
    share: 28,
    permissionSets: ['PowerUserAccess', 'DeveloperAccess'],
    services:
      'logs lambda cloudformation dynamodb s3 codecommit codepipeline codebuild ecs ecr sqs sns monitoring apigateway ssm events states secretsmanager cognito-idp ec2 iam servicediscovery bedrock kms elasticloadbalancing',
    writes: 0.14,
    console: 0.6,
    callsPerDay: 27,
  },
  data: {
    share: 11,
    permissionSets: ['DataScientist'],
    services:
      's3 athena glue sagemaker redshift elasticmapreduce logs ec2 ecr bedrock dynamodb kms monitoring states firehose',
    writes: 0.2,
    console: 0.5,
    callsPerDay: 27,
  },
  ops: {
    share: 12,
    permissionSets: ['SystemAdministrator', 'PowerUserAccess'],
    services:
      'ec2 monitoring ecs eks autoscaling elasticloadbalancing rds ssm logs route53 cloudformation elasticache backup es iam s3 health acm wafv2 cloudfront servicequotas application-autoscaling elasticfilesystem servicediscovery kms tagging',
    writes: 0.2,
    console: 0.5,
    callsPerDay: 38,
  },
  security: {
    share: 6,
    permissionSets: ['SecurityAudit'],
    services:
      'guardduty securityhub cloudtrail config iam access-analyzer inspector2 ec2 s3 kms organizations secretsmanager wafv2 logs resource-explorer-2',
    writes: 0.05,
    console: 0.6,
    callsPerDay: 16,
  },
  finance: {
    share: 5,
    permissionSets: ['Billing'],
    services: 'ce budgets cur organizations compute-optimizer support tagging s3 athena',
    writes: 0.04,
    console: 0.97,
    callsPerDay: 16,
  },
  support: {
    share: 5,
    permissionSets: ['SupportUser', 'ViewOnlyAccess'],
    services: 'support health logs cognito-idp dynamodb monitoring ec2 rds s3 trustedadvisor ses',
    writes: 0.06,
    console: 0.9,
    callsPerDay: 17,
  },
  admin: {
    share: 4,
    permissionSets: ['AdministratorAccess'],
    services:
      'iam organizations ec2 s3 cloudformation sso cloudtrail kms route53 config rds support servicequotas lambda ssm acm backup',
    writes: 0.25,
    console: 0.55,
    callsPerDay: 16,
  },
};

const FIRST_NAMES =
  'alice bruno chen dora emeka fatima goran hana ivan julia kofi lena mateo nadia oscar priya quentin rosa sven tara umar vera wei ximena yusuf zoe anton bea carlos dina erik freya gita hugo iris jonas kira luis mina noah olga pavel ravi sara tomas ulla viktor wanda yara'.split(
    ' ',
  );
const LAST_NAMES =
  'ahmed berg costa dubois evans fischer garcia hansen ito jensen kumar larsen meyer novak okafor patel quinn rossi silva tanaka ueda varga weber yilmaz zhou'.split(
    ' ',
  );

export const PORTAL = 'sso.amazonaws.com';
export const SAML_PROVIDER = 'AWSSSO_f2a1c9d8e7b6a5c4_DO_NOT_DELETE';

export interface Person {
  readonly name: string;
  /** IAM user name, where the person has one instead of the portal. */
  readonly iamUser: string | undefined;
  readonly accessKeyId: string;
  family: Family;
  permissionSet: string;
  /** Accounts worked in, the usual one first. */
  accounts: string[];
  apps: App[];
  readonly office: Office;
  /** Share of days away from the office. */
  readonly remote: number;
  readonly usesVpn: boolean;
  homeNetwork: string;
  homeAddress: string;
  readonly begins: number;
  readonly activity: number;
  readonly curiosity: number;
  browser: string;
  cli: string;
  tool: string;
  readonly mfa: boolean;
  tasks: Weighted<Operation>;
  /** Days of the simulation on which the person is away: [from, to). */
  readonly away: readonly (readonly [number, number])[];
  readonly firstDay: number;
}

/** What somebody of a family does, with weights of his own: a long tail behind a few favourites. */
export function repertoire(random: Random, family: Family): Weighted<Operation> {
  const {services, writes} = FAMILIES[family];
  const choices: Operation[] = [];
  const weights: number[] = [];
  services.split(' ').forEach((service, serviceRank) => {
    const serviceWeight = spread(random, 1.1) / (1 + serviceRank) ** 1.35;
    const rankOf = new Map<string, number>();
    for (const op of SERVICES.get(service) ?? []) {
      if (op.key.startsWith('sts:AssumeRole')) continue;
      const rank = rankOf.get(op.kind) ?? 0;
      rankOf.set(op.kind, rank + 1);
      const own = spread(random, 1.4) / (1 + rank) ** 1.45;
      const read = op.readOnly ? 1 - writes : writes * 1.6;
      choices.push(op);
      // Data events are logged for a few buckets and tables only.
      weights.push(
        serviceWeight *
          own *
          read *
          (op.data ? 0.15 : 1) *
          (/^Delete|^Disable|^Stop|^Leave|Password|Permission|Attribute$/.test(op.name) &&
          !op.readOnly
            ? 0.12
            : 1),
      );
    }
  });
  return new Weighted(choices, (_, i) => weights[i] as number);
}

export function makePerson(
  random: Random,
  org: Org,
  options: {family: Family; taken: Set<string>; firstDay?: number; days: number},
): Person {
  const {family, taken, days} = options;
  let name = '';
  do {
    name = `${random.pick(FIRST_NAMES)}.${random.pick(LAST_NAMES)}${taken.size > 600 ? random.below(100) : ''}`;
  } while (taken.has(name));
  taken.add(name);
  const apps = Array.from({length: random.between(1, 3)}, () => random.pick(org.apps));
  const accounts = [...new Set(apps.map(({account}) => account))];
  if (family === 'security' || family === 'finance' || family === 'admin') {
    for (const account of org.accounts)
      if (random.chance(0.6) && !accounts.includes(account.id)) accounts.push(account.id);
  }
  const away: [number, number][] = [];
  if (random.chance(Math.min(0.7, days / 90))) {
    const from = random.below(Math.max(1, days));
    away.push([from, from + random.between(2, 10)]);
  }
  const homeNetwork = publicNetwork(random);
  const ownIam = family !== 'finance' && random.chance(0.22);
  return {
    name,
    iamUser: ownIam
      ? (name.split('.')[0] as string) + (name.split('.')[1] as string)[0]
      : undefined,
    accessKeyId: `AKIA${base32(random, 16)}`,
    family,
    permissionSet: random.pick(FAMILIES[family].permissionSets),
    accounts,
    apps,
    office: random.pick(org.offices),
    remote: random.chance(0.2) ? 0.95 : random.next() * 0.7,
    usesVpn: random.chance(0.55),
    homeNetwork,
    homeAddress: `${homeNetwork}.${random.between(2, 250)}`,
    begins: 8 + random.next() * 2,
    activity: Math.min(3.5, spread(random, 0.8)),
    curiosity: 0.01 + 0.07 * random.next() ** 2,
    browser: userAgents.browser(random),
    cli: userAgents.cliAgent(random),
    tool: userAgents.toolAgent(random),
    mfa: random.chance(0.93),
    tasks: repertoire(random, family),
    away,
    firstDay: options.firstDay ?? 0,
  };
}

/** The staff at the beginning; about 70 at scale 1. */
export function makePeople(
  random: Random,
  org: Org,
  days: number,
): {people: Person[]; taken: Set<string>} {
  const people: Person[] = [];
  const taken = new Set<string>(['raul']);
  const factor = org.scale ** 0.8;
  for (const family of Object.keys(FAMILIES) as Family[]) {
    const count = Math.max(1, Math.round(FAMILIES[family].share * factor));
    for (let i = 0; i < count; i++) people.push(makePerson(random, org, {family, taken, days}));
  }
  const used = new Set<string>();
  // Two of a name cannot be IAM users of the same name.
  return {
    people: people.map((person) => {
      if (person.iamUser === undefined) return person;
      let user = person.iamUser;
      while (used.has(user)) user += 'x';
      used.add(user);
      return {...person, iamUser: user};
    }),
    taken,
  };
}

const CHECK_IN = operation('signin:ConsoleLogin');
const CHECK_MFA = operation('signin:CheckMfa');
const SAML = operation('sts:AssumeRoleWithSAML');
const AUTHENTICATE = operation('sso:Authenticate');
const FEDERATE = operation('sso:Federate');
const ROLE_CREDENTIALS = operation('sso:GetRoleCredentials');
const ASSUME = operation('sts:AssumeRole');
const IDENTITY = operation('sts:GetCallerIdentity');
const CONSOLE_START = [
  'ec2:DescribeRegions',
  'health:DescribeEventAggregates',
  'notifications:ListNotificationHubs',
  'iam:ListAccountAliases',
  'ce:GetCostAndUsage',
  'cloudshell:GetEnvironmentStatus',
  'resource-explorer-2:ListIndexes',
].map(operation);

/** Where somebody is on a day, which decides the address. */
export function addressOf(person: Person, random: Random, org: Org): string {
  if (random.chance(0.006)) return publicAddress(random); // a hotel, a train, a customer's guest network
  if (!random.chance(person.remote)) return random.pick(person.office.addresses);
  return person.usesVpn ? random.pick(org.vpn) : person.homeAddress;
}

/** Appends what a person does on the day that begins at `start`; nothing when away or off. */
export function personDay(
  person: Person,
  org: Org,
  random: Random,
  when: {start: number; day: number; weekend: boolean; holiday: boolean},
  calls: Call[],
): void {
  const {start, day, weekend, holiday} = when;
  if (day < person.firstDay || person.away.some(([from, to]) => day >= from && day < to)) return;
  if (random.chance(0.012))
    person.homeNetwork = `${person.homeNetwork.split('.')[0]}.${random.below(256)}.${random.below(256)}`;
  if (random.chance(0.06)) person.homeAddress = `${person.homeNetwork}.${random.between(2, 250)}`;
  if (random.chance(0.01)) person.cli = userAgents.cliAgent(random);
  if (random.chance(0.012)) person.tool = userAgents.toolAgent(random);
  if (random.chance(0.004)) person.browser = userAgents.browser(random);
  if (random.chance(0.008)) person.apps.push(random.pick(org.apps)); // helps another team from now on
  if (random.chance(0.03)) return; // ill
  const working = weekend || holiday ? random.chance(person.family === 'ops' ? 0.12 : 0.035) : true;
  if (!working) return;
  const address = addressOf(person, random, org);
  const begins = start + (person.begins - person.office.zone) * HOUR;
  const budget =
    FAMILIES[person.family].callsPerDay *
    person.activity *
    spread(random, 0.5) *
    (weekend ? 0.4 : 1);
  let left = random.poisson(budget);
  while (left > 0) {
    // Mornings and afternoons, few at noon, now and then an evening.
    const offset = random.chance(0.06)
      ? 9 + random.next() * 4
      : random.chance(0.5)
        ? random.next() * 3.6
        : 4.4 + random.next() * 4.4;
    const time = Math.max(start, begins + offset * HOUR);
    const size = Math.min(left, 1 + Math.round(random.exponential(14)));
    const place = random.chance(0.015) ? publicAddress(random) : address;
    workSession(person, org, random, {time, size, address: place}, calls);
    left -= size;
  }
}

/** One sitting: sign in or take out credentials, then a run of calls about few things. */
export function workSession(
  person: Person,
  org: Org,
  random: Random,
  plan: {time: number; size: number; address: string},
  calls: Call[],
): void {
  const {address, size} = plan;
  let {time} = plan;
  const account = random.chance(0.8)
    ? (person.accounts[0] as string)
    : random.pick(person.accounts);
  const inConsole = random.chance(FAMILIES[person.family].console);
  const session = inConsole
    ? consoleSession(person, account, random, {time, address}, calls)
    : commandSession(person, account, random, {time, address}, calls);
  time += random.between(2000, 20_000);
  const ownApps = person.apps.filter((app) => app.account === session.account);
  const region =
    ownApps[0]?.region ?? org.accounts.find(({id}) => id === account)?.regions[0] ?? 'eu-west-1';
  if (inConsole) {
    for (const op of CONSOLE_START) {
      if (random.chance(0.3))
        calls.push({
          time: time + random.below(1500),
          session,
          operation: op,
          account: session.account,
          region,
          resource: '',
          error: op.service === 'ce' && random.chance(0.5) ? 'AccessDeniedException' : '',
        });
    }
    time += 3000;
  }
  let op = person.tasks.draw(random);
  const wandering = random.chance(person.curiosity * 4);
  for (let i = 0; i < size; i++) {
    // People stay with a service for a while, and now and then look into a corner they do not know.
    if (random.chance(0.35)) op = person.tasks.draw(random);
    else if (random.chance(0.6)) {
      const near = person.tasks.draw(random);
      if (near.service === op.service) op = near;
    }
    if (wandering && random.chance(person.curiosity)) {
      const services = [...SERVICES.keys()].filter(
        (name) => name !== 'signin' && name !== 'sso' && name !== 'sts',
      );
      const all = (SERVICES.get(random.pick(services)) as readonly Operation[]).filter(
        ({readOnly, data}) => readOnly && !data,
      );
      if (all.length > 0) op = all[Math.floor(random.next() ** 2 * all.length)] as Operation;
    }
    const app =
      ownApps.length > 0 && random.chance(0.85)
        ? random.pick(ownApps)
        : random.pick(
            org.apps
              .filter((other) => other.account === session.account)
              .concat(person.apps.slice(0, 1)),
          );
    const creates = /^(Create|Register|Put(Metric|Rule|Parameter))/.test(op.name);
    const resource =
      op.kind === ''
        ? ''
        : op.kind === 'assume'
          ? ''
          : creates && random.chance(0.6)
            ? createResource(random, app, op.kind)
            : usualResource(random, app, op.kind);
    const error = random.chance(op.readOnly ? 0.07 : 0.12) ? ordinaryError(op, random) : '';
    calls.push({
      time,
      session,
      operation: op,
      account: session.account,
      region: random.chance(0.03)
        ? 'us-east-1'
        : app.account === session.account
          ? app.region
          : region,
      resource,
      error,
    });
    time +=
      inConsole && random.chance(0.7) ? random.between(30, 900) : 500 + random.exponential(25_000);
  }
}

function ssoRole(person: Person, account: string): string {
  return `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_${person.permissionSet}_${stableId(person.permissionSet + account, 16).toLowerCase()}`;
}

function consoleSession(
  person: Person,
  account: string,
  random: Random,
  at: {time: number; address: string},
  calls: Call[],
): Session {
  const {time, address} = at;
  const access = {address, userAgent: person.browser, console: true};
  const common = {account, region: 'us-east-1', resource: '', error: ''};
  if (person.iamUser !== undefined) {
    const home = person.accounts[0] as string;
    const user = {
      account: home,
      name: person.iamUser,
      accessKeyId: `ASIA${base32(random, 16)}`,
      since: time,
      mfa: person.mfa,
    };
    const login = loginSession(home, person.iamUser, access);
    if (random.chance(0.05)) calls.push(consoleLogin(login, time - 15_000, home, false, 'No'));
    if (person.mfa && random.chance(0.9))
      calls.push({
        ...common,
        account: home,
        time: time - 4000,
        session: login,
        operation: CHECK_MFA,
        eventType: 'AwsConsoleSignIn',
        request: null,
        response: {CheckMfa: 'Success'},
        additional: {MfaType: 'Virtual MFA'},
      });
    calls.push(consoleLogin(login, time, home, true, person.mfa ? 'Yes' : 'No'));
    return iamUser(user, access);
  }
  const email = `${person.name}@northwind.example`;
  const roleArn = ssoRole(person, account);
  const accessKeyId = `ASIA${base32(random, 16)}`;
  const portal = identityCenterUser(account, person.name, access);
  calls.push({
    ...common,
    time: time - 5000,
    session: portal,
    operation: AUTHENTICATE,
    eventType: 'AwsServiceEvent',
    request: null,
    response: null,
  });
  calls.push({
    ...common,
    time: time - 3000,
    session: portal,
    operation: FEDERATE,
    eventType: 'AwsServiceEvent',
    request: null,
    response: null,
  });
  calls.push({
    ...common,
    time: time - 1000,
    session: samlUser(SAML_PROVIDER, email, {address: PORTAL, userAgent: PORTAL}),
    operation: SAML,
    resource: roleArn,
    request: {
      sAMLAssertionID: `_${uuid(random)}`,
      roleSessionName: email,
      durationSeconds: 43200,
      roleArn,
      principalArn: `arn:aws:iam::${account}:saml-provider/${SAML_PROVIDER}`,
    },
    response: assumeRoleResponse(roleArn, email, accessKeyId, time, random),
  });
  const session = assumedRole({roleArn, name: email, accessKeyId, since: time}, access);
  calls.push(consoleLogin(session, time, account, true, 'No'));
  return session;
}

/** What signs in at the console: an IAM user has no access key yet. */
export function loginSession(
  account: string,
  user: string,
  access: {address: string; userAgent: string},
): Session {
  const session = iamUser({account, name: user, accessKeyId: ''}, access);
  return session;
}

export function consoleLogin(
  session: Session,
  time: number,
  account: string,
  success: boolean,
  mfa: 'Yes' | 'No',
): Call {
  return {
    time,
    session: {...session, console: false},
    operation: CHECK_IN,
    account,
    region: 'us-east-1',
    resource: '',
    error: success ? '' : 'Failed authentication',
    eventType: 'AwsConsoleSignIn',
    request: null,
    response: {ConsoleLogin: success ? 'Success' : 'Failure'},
    additional: {
      LoginTo:
        'https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true&state=hashArgsFromTB_eu-west-1',
      MobileVersion: 'No',
      MFAUsed: mfa,
    },
  };
}

function commandSession(
  person: Person,
  account: string,
  random: Random,
  at: {time: number; address: string},
  calls: Call[],
): Session {
  const {time, address} = at;
  const access = {
    address,
    userAgent: random.chance(0.65) ? person.cli : person.tool,
    tls: random.chance(0.35),
  };
  if (person.iamUser !== undefined) {
    const home = person.accounts[0] as string;
    const user = iamUser(
      {account: home, name: person.iamUser, accessKeyId: person.accessKeyId},
      access,
    );
    if (account === home || random.chance(0.6)) return user;
    const roleArn = `arn:aws:iam::${account}:role/CrossAccount${person.permissionSet}`;
    const accessKeyId = `ASIA${base32(random, 16)}`;
    const sharedEventId = uuid(random);
    const request = {roleArn, roleSessionName: person.iamUser, durationSeconds: 3600};
    const response = assumeRoleResponse(roleArn, person.iamUser, accessKeyId, time, random);
    const shared = {
      time,
      operation: ASSUME,
      region: 'us-east-1',
      resource: roleArn,
      error: '',
      request,
      response,
      sharedEventId,
    };
    calls.push({...shared, session: user, account: home});
    calls.push({
      ...shared,
      account,
      session: {
        ...user,
        identity: {
          type: 'AWSAccount',
          principalId: `AIDA${stableId(user.arn, 17)}`,
          accountId: home,
        },
      },
    });
    return assumedRole({roleArn, name: person.iamUser, accessKeyId, since: time}, access);
  }
  const email = `${person.name}@northwind.example`;
  const roleArn = ssoRole(person, account);
  const accessKeyId = `ASIA${base32(random, 16)}`;
  const portal = identityCenterUser(account, person.name, access);
  calls.push({
    time: time - 1500,
    session: portal,
    operation: ROLE_CREDENTIALS,
    account,
    region: 'eu-west-1',
    resource: '',
    error: '',
    eventType: 'AwsServiceEvent',
    request: null,
    response: null,
  });
  calls.push({
    time: time - 1400,
    session: awsService(PORTAL),
    operation: ASSUME,
    account,
    region: 'eu-west-1',
    resource: roleArn,
    error: '',
    request: {roleArn, roleSessionName: email, durationSeconds: 28800},
    response: assumeRoleResponse(roleArn, email, accessKeyId, time, random),
    sharedEventId: uuid(random),
  });
  const session = assumedRole({roleArn, name: email, accessKeyId, since: time - 1400}, access);
  if (random.chance(0.25))
    calls.push({
      time,
      session,
      operation: IDENTITY,
      account,
      region: 'us-east-1',
      resource: '',
      error: '',
    });
  return session;
}

/**
 * Raul, the ordinary user of the first story: an IAM user who lives in source control, the logs and
 * one bucket of his application, from the office or from home, in working hours.
 */
export function makeRaul(random: Random, org: Org): Person {
  const app = org.apps.find(({region}) => region === 'eu-west-1') ?? (org.apps[0] as App);
  const keys =
    'codecommit:GitPull codecommit:GetBranch codecommit:ListBranches codecommit:GetPullRequest codecommit:GetDifferences codecommit:GitPush codecommit:GetCommit codecommit:BatchGetRepositories codecommit:ListRepositories logs:DescribeLogStreams logs:GetLogEvents logs:DescribeLogGroups logs:FilterLogEvents logs:StartQuery logs:GetQueryResults codepipeline:GetPipelineState codepipeline:ListPipelineExecutions lambda:GetFunction20150331v2 lambda:ListFunctions20150331 lambda:UpdateFunctionCode20150331v2 ssm:GetParameter ssm:GetParametersByPath sqs:GetQueueAttributes monitoring:DescribeAlarms dynamodb:DescribeTable'.split(
      ' ',
    );
  const homeNetwork = publicNetwork(random);
  return {
    name: 'raul',
    iamUser: 'raul',
    accessKeyId: `AKIA${base32(random, 16)}`,
    family: 'developer',
    permissionSet: 'DeveloperAccess',
    accounts: [app.account],
    apps: [app],
    office: org.offices[0] as Office,
    remote: 0.3,
    usesVpn: false,
    homeNetwork,
    homeAddress: `${homeNetwork}.${random.between(2, 250)}`,
    begins: 8.6,
    activity: 0.9,
    curiosity: 0.004,
    browser: userAgents.browser(random),
    cli: userAgents.cliAgent(random),
    tool: userAgents.toolAgent(random),
    mfa: true,
    tasks: new Weighted(keys.map(operation), (_, rank) => spread(random, 0.4) / (1 + rank)),
    away: [],
    firstDay: 0,
  };
}
