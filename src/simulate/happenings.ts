import type {Random} from '../base/random.ts';
import type {Call, Session} from './call.ts';
import {base32, publicAddress, spread, uuid} from './draw.ts';
import {ordinaryError} from './errors.ts';
import {assumedRole, awsService, root} from './identity.ts';
import {type Operation, operation, operations, SERVICES} from './operations.ts';
import type {Account} from './org.ts';
import {assumeRoleResponse} from './parameters.ts';
import {
  consoleLogin,
  type Family,
  loginSession,
  makePerson,
  repertoire,
  workSession,
} from './people.ts';
import {createResource, usualResource} from './resources.ts';
import {makeRobot, migrate, type Robot, releaseDay} from './robots.ts';
import * as userAgents from './user-agents.ts';
import type {World} from './world.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

/**
 * What is unusual and yet all right: the false alarms that wait for a detector. Nothing in here is
 * labelled, since nothing in here is an attack.
 */
export class Happenings {
  readonly #random: Random;
  readonly #world: World;

  constructor(random: Random, world: World) {
    this.#random = random;
    this.#world = world;
  }

  /** Lets the day's happenings happen: changes the world, or appends calls. */
  before(day: number, start: number, weekend: boolean, calls: Call[]): void {
    const random = this.#random;
    const {org} = this.#world;
    const factor = Math.max(1, org.scale ** 0.8);
    const often = (perDay: number) => random.poisson(perDay * factor);
    for (let i = often(0.5); i > 0 && !weekend; i--) this.#release(start, calls);
    for (let i = often(0.12); i > 0; i--) this.#onCallNight(start, calls);
    for (let i = often(weekend ? 0 : 0.12); i > 0; i--) this.#newcomer(day);
    for (let i = often(weekend ? 0 : 0.2); i > 0; i--) this.#newRobot(day);
    for (let i = often(weekend ? 0 : 0.25); i > 0; i--)
      migrate(
        random.pick(this.#world.robots.filter(({kind}) => kind !== 'linked' && kind !== 'scanner')),
        random,
      );
    for (let i = often(weekend ? 0 : 0.15); i > 0; i--) this.#changeOfJob();
    for (let i = often(0.03); i > 0; i--) this.#breakGlass(start, calls);
    for (let i = often(weekend ? 0.1 : 0.6); i > 0; i--) this.#oneOffTask(start, day, calls);
    for (let i = often(0.25); i > 0; i--) this.#outsideScanner(start, calls);
    for (let i = often(0.3); i > 0; i--)
      this.#interfaceBurst(start + random.below(20) * HOUR, calls);
    for (let i = often(0.05); i > 0; i--) this.#rootSignIn(start, calls);
    for (let i = often(0.15); i > 0 && !weekend; i--) this.#travel(day, start, calls);
    for (let i = often(0.2); i > 0; i--) this.#outage(start, calls);
    this.#vendor(start, calls);
  }

  #release(start: number, calls: Call[]): void {
    const pipelines = this.#world.robots.filter(
      ({kind}) => kind === 'pipeline' || kind === 'terraform',
    );
    releaseDay(
      this.#random.pick(pipelines),
      this.#random,
      start + (9 + this.#random.next() * 8) * HOUR,
      calls,
    );
  }

  /** Somebody of operations at 3 a.m., doing by hand and from home what machines do by day. */
  #onCallNight(start: number, calls: Call[]): void {
    const random = this.#random;
    const {people, org} = this.#world;
    const person = random.pick(
      people.filter(({family, name}) => family === 'ops' && name !== 'raul'),
    );
    const time = start + (1 + random.next() * 3.5) * HOUR;
    const repair = [
      'rds:RebootDBInstance',
      'rds:FailoverDBCluster',
      'ec2:RebootInstances',
      'ecs:UpdateService',
      'ssm:StartSession',
      'autoscaling:SetDesiredCapacity',
      'rds:DescribeDBLogFiles',
      'rds:DescribeEvents',
      'elasticache:RebootCacheCluster',
      'cloudtrail:LookupEvents',
      'ec2:GetConsoleOutput',
      'route53:ChangeResourceRecordSets',
      'logs:StartQuery',
      'logs:GetQueryResults',
      'monitoring:DescribeAlarmHistory',
      'health:DescribeEvents',
      'ec2:CreateSnapshot',
      'rds:CreateDBSnapshot',
    ].map(operation);
    workSession(
      person,
      org,
      random,
      {time, size: random.between(8, 30), address: person.homeAddress},
      calls,
    );
    const session = calls[calls.length - 1]?.session;
    if (session !== undefined && session.account !== '') {
      let at = time + 10 * MINUTE;
      for (const op of random.shuffle([...repair]).slice(0, random.between(4, 10))) {
        const app = random.pick(person.apps);
        calls.push({
          time: at,
          session,
          operation: op,
          account: session.account,
          region: app.region,
          resource: op.kind === '' ? '' : usualResource(random, app, op.kind),
          error: random.chance(0.08) ? ordinaryError(op, random) : '',
        });
        at += 20_000 + random.exponential(4 * MINUTE);
      }
    }
  }

  #newcomer(day: number): void {
    const {people, org, taken} = this.#world;
    const family = this.#random.pick([
      'developer',
      'developer',
      'data',
      'ops',
      'support',
    ] as Family[]);
    people.push(makePerson(this.#random, org, {family, taken, firstDay: day, days: 0}));
  }

  #newRobot(day: number): void {
    const random = this.#random;
    const {org, robots} = this.#world;
    const kind = random.pick(['function', 'function', 'task', 'pipeline', 'cron'] as const);
    const archetype = kind === 'pipeline' ? 'deploy' : random.pick(['web', 'worker', 'data']);
    const robot = makeRobot(random, org, kind, archetype, random.pick(org.apps), day);
    if (robots.some(({roleArn}) => roleArn === robot.roleArn)) return;
    robot.rate = Math.min(robot.rate, 80);
    robots.push(robot);
  }

  #changeOfJob(): void {
    const random = this.#random;
    const person = random.pick(this.#world.people);
    if (person.name === 'raul') return;
    person.family = random.chance(0.7)
      ? person.family
      : random.pick(['developer', 'ops', 'data'] as Family[]);
    person.tasks = repertoire(random, person.family);
    person.apps = [random.pick(this.#world.org.apps), ...person.apps.slice(0, 1)];
    person.accounts = [
      ...new Set([...person.apps.map(({account}) => account), ...person.accounts]),
    ].slice(0, 4);
  }

  /** The emergency role, which nobody uses for months. */
  #breakGlass(start: number, calls: Call[]): void {
    const random = this.#random;
    const {people, org} = this.#world;
    const person = random.pick(people.filter(({family}) => family === 'admin' || family === 'ops'));
    const account = random.pick(org.accounts) as Account;
    const time = start + random.below(23) * HOUR;
    const roleArn = `arn:aws:iam::${account.id}:role/BreakGlassAdministrator`;
    const accessKeyId = `ASIA${base32(random, 16)}`;
    const access = {
      address: random.chance(0.5) ? person.homeAddress : random.pick(person.office.addresses),
      userAgent: person.cli,
      tls: true,
    };
    const name = person.name;
    calls.push({
      time: time - 2000,
      session: awsService('sso.amazonaws.com'),
      operation: operation('sts:AssumeRole'),
      account: account.id,
      region: 'us-east-1',
      resource: roleArn,
      error: '',
      request: {roleArn, roleSessionName: name, durationSeconds: 3600},
      response: assumeRoleResponse(roleArn, name, accessKeyId, time, random),
    });
    const session = assumedRole(
      {
        roleArn,
        name,
        accessKeyId,
        since: time - 2000,
        mfa: true,
        sourceIdentity: `${person.name}@northwind.example`,
      },
      access,
    );
    const steps = [
      ...operations('iam', 'GetRole ListAttachedRolePolicies AttachRolePolicy DetachRolePolicy'),
      ...operations(
        'ec2',
        'DescribeSecurityGroups AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress',
      ),
      ...operations('s3', 'GetBucketPolicy PutBucketPolicy'),
      ...operations('kms', 'GetKeyPolicy PutKeyPolicy'),
    ];
    this.#sequence(
      session,
      random.shuffle(steps).slice(0, random.between(3, 7)),
      time,
      account.id,
      calls,
    );
  }

  #sequence(
    session: Session,
    steps: readonly Operation[],
    begin: number,
    account: string,
    calls: Call[],
  ): void {
    const random = this.#random;
    const apps = this.#world.org.apps.filter((app) => app.account === account);
    const app = random.pick(apps.length > 0 ? apps : this.#world.org.apps);
    let time = begin;
    for (const op of steps) {
      const resource =
        op.kind === '' || op.kind === 'assume'
          ? ''
          : op.name.startsWith('Create')
            ? createResource(random, app, op.kind)
            : usualResource(random, app, op.kind);
      calls.push({
        time,
        session,
        operation: op,
        account,
        region: app.region,
        resource,
        error: random.chance(0.06) ? ordinaryError(op, random) : '',
      });
      time += 1000 + random.exponential(40_000);
    }
  }

  /** An inventory, an experiment, a clean-up: a script of a person over one service he rarely uses. */
  #oneOffTask(start: number, day: number, calls: Call[]): void {
    const random = this.#random;
    const {people, org} = this.#world;
    const person = random.pick(
      people.filter(({firstDay, name}) => firstDay <= day && name !== 'raul'),
    );
    const before = calls.length;
    const time = start + (8 + random.next() * 9 - person.office.zone * 0.5) * HOUR;
    workSession(
      person,
      org,
      random,
      {
        time,
        size: 2,
        address: random.chance(0.7) ? random.pick(person.office.addresses) : person.homeAddress,
      },
      calls,
    );
    const session = calls[calls.length - 1]?.session;
    if (session === undefined || calls.length === before || session.account === '') return;
    const service = random.pick(
      [...SERVICES.keys()].filter((name) => !['signin', 'sso', 'sts', 'cloudshell'].includes(name)),
    );
    const all = (SERVICES.get(service) as readonly Operation[]).filter(
      ({data, readOnly}) => !data && (readOnly || random.chance(0.15)),
    );
    if (all.length === 0) return;
    const few = random.shuffle([...all]).slice(0, random.between(2, 7));
    const steps = Array.from({length: random.between(5, 40)}, () => random.pick(few));
    this.#sequence(session, steps, time + MINUTE, session.account, calls);
  }

  /** Somebody out there tries passwords at the console; it never works. */
  #outsideScanner(start: number, calls: Call[]): void {
    const random = this.#random;
    const {org} = this.#world;
    const account = random.pick(org.accounts).id;
    const access = {address: publicAddress(random), userAgent: userAgents.browser(random)};
    let time = start + random.below(24) * HOUR;
    for (let i = random.between(2, 9); i > 0; i--) {
      const session = loginSession(account, 'HIDDEN_DUE_TO_SECURITY_REASONS', access);
      const call = consoleLogin(
        {
          ...session,
          identity: {
            type: 'IAMUser',
            accountId: account,
            accessKeyId: '',
            userName: 'HIDDEN_DUE_TO_SECURITY_REASONS',
          },
        },
        time,
        account,
        false,
        'No',
      );
      calls.push({...call, error: 'No username found in supplied account'});
      time += 3000 + random.exponential(30_000);
    }
  }

  /** Functions in a VPC scale out: a hundred network interfaces in minutes, all as it should be. */
  #interfaceBurst(time: number, calls: Call[]): void {
    interfaceBurst(this.#world, this.#random, time, calls);
  }

  #rootSignIn(start: number, calls: Call[]): void {
    const random = this.#random;
    const account = random.pick(this.#world.org.accounts).id;
    const time = start + (9 + random.next() * 8) * HOUR;
    const office = random.pick(this.#world.org.offices);
    const access = {
      address: random.pick(office.addresses),
      userAgent: userAgents.browser(random),
      console: true,
    };
    const session = root(account, time, access);
    calls.push(consoleLogin(session, time, account, true, 'Yes'));
    this.#sequence(
      session,
      [
        ...operations('iam', 'GetAccountSummary ListVirtualMFADevices'),
        ...operations('budgets', 'ViewBudget'),
        ...operations('support', 'DescribeCases'),
      ],
      time + 5000,
      account,
      calls,
    );
  }

  /** A day's work from abroad. */
  #travel(day: number, start: number, calls: Call[]): void {
    const random = this.#random;
    const {people, org} = this.#world;
    const person = random.pick(
      people.filter(({firstDay, name}) => firstDay <= day && name !== 'raul'),
    );
    const address = publicAddress(random);
    for (let i = random.between(1, 3); i > 0; i--) {
      workSession(
        person,
        org,
        random,
        {time: start + random.next() * 22 * HOUR, size: random.between(3, 15), address},
        calls,
      );
    }
  }

  /** A policy or a dependency breaks, and a robot fails for an hour. */
  #outage(start: number, calls: Call[]): void {
    const random = this.#random;
    const robot = random.pick(
      this.#world.robots.filter(({sessions}) =>
        sessions.some(({session}) => session !== undefined),
      ),
    );
    const session = robot?.sessions.find((running) => running.session !== undefined)?.session;
    if (robot === undefined || session === undefined) return;
    let time = start + random.below(23) * HOUR;
    const op = robot.habits.draw(random).operation;
    const error = ordinaryError(op, random);
    for (let i = random.between(10, 60); i > 0; i--) {
      calls.push({
        time,
        session,
        operation: op,
        account: robot.app.account,
        region: robot.app.region,
        resource: op.kind === '' ? '' : usualResource(random, robot.app, op.kind),
        error,
      });
      time += random.exponential(MINUTE);
    }
  }

  /** A vendor's account looks at the bill and the machines every few hours, as agreed. */
  #vendor(start: number, calls: Call[]): void {
    const random = this.#random;
    const {org} = this.#world;
    for (const account of org.accounts.slice(0, 3)) {
      const time = start + random.below(20) * HOUR;
      const roleArn = `arn:aws:iam::${account.id}:role/VendorCostReader`;
      const accessKeyId = `ASIA${base32(random, 16)}`;
      const access = {
        address: `52.${(Number(account.id) % 50) + 10}.17.${random.between(4, 20)}`,
        userAgent: 'aws-sdk-go/1.55.5 (go1.22.4; linux; amd64)',
        tls: true,
      };
      calls.push({
        time,
        session: {
          ...awsService(''),
          identity: {
            type: 'AWSAccount',
            principalId: 'AROA3VENDORCOSTREADER:collector',
            accountId: '730194558821',
          },
          address: access.address,
          userAgent: access.userAgent,
        },
        operation: operation('sts:AssumeRole'),
        account: account.id,
        region: 'us-east-1',
        resource: roleArn,
        error: '',
        request: {
          roleArn,
          roleSessionName: 'collector',
          externalId: `northwind-${account.id.slice(0, 5)}`,
          durationSeconds: 3600,
        },
        response: assumeRoleResponse(roleArn, 'collector', accessKeyId, time, random),
        sharedEventId: uuid(random),
      });
      const session = assumedRole({roleArn, name: 'collector', accessKeyId, since: time}, access);
      this.#sequence(
        session,
        [
          'ce:GetCostAndUsage',
          'ec2:DescribeInstances',
          'ec2:DescribeVolumes',
          'rds:DescribeDBInstances',
          'ce:GetReservationUtilization',
          'organizations:ListAccounts',
        ]
          .map(operation)
          .filter(() => random.chance(0.8)),
        time + 900,
        account.id,
        calls,
      );
    }
  }
}

const CREATE_INTERFACE = operation('ec2:CreateNetworkInterface');
const DELETE_INTERFACE = operation('ec2:DeleteNetworkInterface');

/** A controller role of a normal service makes many network interfaces in a few minutes. */
export function interfaceBurst(world: World, random: Random, time: number, calls: Call[]): void {
  const {robots} = world;
  const able = robots.filter(({habits}) =>
    habits.values.some(({operation: op}) => op === CREATE_INTERFACE),
  );
  const robot = random.pick(able.length > 0 ? able : robots) as Robot;
  const running = robot.sessions.find(({session}) => session !== undefined)?.session;
  const host = robot.kind === 'linked' ? robot.userAgent : 'lambda.amazonaws.com';
  const session =
    running ??
    assumedRole(
      {
        roleArn: robot.roleArn,
        name: 'awslambda_scaling',
        accessKeyId: `ASIA${base32(random, 16)}`,
        since: time - MINUTE,
      },
      {
        address: robot.kind === 'linked' ? host : (robot.addresses[0] as string),
        userAgent: robot.userAgent,
      },
    );
  let at = time;
  for (let i = Math.round(random.between(60, 160) * spread(random, 0.2)); i > 0; i--) {
    calls.push({
      time: at,
      session,
      operation: random.chance(0.93) ? CREATE_INTERFACE : DELETE_INTERFACE,
      account: robot.app.account,
      region: robot.app.region,
      resource: createResource(random, robot.app, 'eni'),
      error: random.chance(0.02) ? 'Client.RequestLimitExceeded' : '',
    });
    at += random.exponential(4000);
  }
}
