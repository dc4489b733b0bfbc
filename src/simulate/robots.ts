import type {Random} from '../base/random.ts';
import type {Call, Session} from './call.ts';
import {base32, hex, spread, uuid, Weighted} from './draw.ts';
import {deniedCode, missingCode, ordinaryError} from './errors.ts';
import {assumedRole, awsService, iamUser, webIdentity} from './identity.ts';
import {type Operation, operation, operations, SERVICES} from './operations.ts';
import {type Account, awsAddress, type Org, privateAddress} from './org.ts';
import {assumeRoleResponse, roleId, snapshotShareRequest, stableId} from './parameters.ts';
import {type App, createResource, usualResource} from './resources.ts';
import * as userAgents from './user-agents.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export type RobotKind =
  | 'instance'
  | 'function'
  | 'task'
  | 'pod'
  | 'pipeline'
  | 'terraform'
  | 'cron'
  | 'scanner'
  | 'linked'
  | 'legacy';

/** One thing a robot does, with how often it goes wrong. */
interface Habit {
  readonly operation: Operation;
  readonly resources: readonly string[];
  readonly weight: number;
  readonly errorRate: number;
  readonly error: string;
}

/**
 * Who is no person: the role of an application, a pipeline, a job, a scanner, a service; or, for
 * `legacy`, an IAM user with a key that an old application carries in its configuration.
 */
export interface Robot {
  readonly kind: RobotKind;
  readonly roleArn: string;
  readonly app: App;
  readonly account: Account;
  /** Calls on an average day. */
  rate: number;
  /** Share of its calls that follow office hours, 0 to 1. */
  readonly diurnal: number;
  habits: Weighted<Habit>;
  userAgent: string;
  /** Where its machines are seen from. */
  addresses: string[];
  readonly endpoint: string | undefined;
  /** Names of sessions that run at present. */
  sessions: RunningSession[];
  /** Minute of the day at which a cron job or scanner starts. */
  readonly minute: number;
  /** Another account of the organisation, which it shares with or reaches into. */
  readonly partner: string;
  /** Day of the simulation on which it first runs. */
  readonly firstDay: number;
}

interface RunningSession {
  readonly name: string;
  session: Session | undefined;
  /** Credentials are renewed after this time. */
  expires: number;
}

// What applications of each shape ask AWS for in ordinary running.
const ARCHETYPES: Readonly<Record<string, string>> = {
  web: 'ssm:GetParametersByPath ssm:GetParameter secretsmanager:GetSecretValue kms:Decrypt logs:CreateLogStream ec2:DescribeTags sts:GetCallerIdentity elasticloadbalancing:DescribeTargetHealth servicediscovery:DiscoverInstances ec2:DescribeInstances sns:GetTopicAttributes dynamodb:DescribeTable autoscaling:DescribeAutoScalingInstances sqs:GetQueueUrl sqs:GetQueueAttributes',
  data: 's3:ListObjects s3:GetBucketLocation glue:GetTable glue:GetPartitions glue:GetDatabase athena:StartQueryExecution athena:GetQueryExecution athena:GetQueryResults kms:Decrypt kms:GenerateDataKey logs:CreateLogStream glue:BatchCreatePartition s3:GetObject s3:PutObject glue:GetJobRun redshift:GetClusterCredentials elasticmapreduce:DescribeCluster kinesis:DescribeStreamSummary kinesis:ListShards',
  worker:
    'sqs:GetQueueAttributes sqs:GetQueueUrl kms:GenerateDataKey kms:Decrypt states:StartExecution states:DescribeExecution logs:CreateLogStream secretsmanager:GetSecretValue ssm:GetParameter dynamodb:DescribeTable s3:HeadBucket lambda:GetFunctionConfiguration20150331v2 events:PutRule events:PutTargets ecs:RunTask ecs:DescribeTasks bedrock:InvokeModel',
  machine:
    'ssm:UpdateInstanceInformation ssm:ListInstanceAssociations ec2:DescribeInstances ec2:DescribeTags ec2:DescribeVolumes ec2:DescribeRegions ecr:GetAuthorizationToken ecr:BatchGetImage ecr:GetDownloadUrlForLayer ecr:BatchCheckLayerAvailability autoscaling:DescribeAutoScalingGroups ecs:DiscoverPollEndpoint ecs:SubmitTaskStateChange ssm:PutInventory ec2:DescribeAvailabilityZones logs:CreateLogStream',
  controller:
    'ec2:DescribeInstances ec2:DescribeSubnets ec2:DescribeSecurityGroups ec2:DescribeNetworkInterfaces ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeVolumes ec2:AttachVolume ec2:DetachVolume ec2:CreateVolume ec2:CreateTags elasticloadbalancing:DescribeLoadBalancers elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:RegisterTargets elasticloadbalancing:DeregisterTargets elasticloadbalancing:DescribeTargetHealth autoscaling:DescribeAutoScalingGroups autoscaling:SetDesiredCapacity route53:ListHostedZones route53:ListResourceRecordSets route53:ChangeResourceRecordSets acm:ListCertificates ec2:DescribeInstanceTypes ec2:RunInstances ec2:TerminateInstances ec2:DescribeSpotPriceHistory eks:DescribeCluster',
  monitor:
    'monitoring:DescribeAlarms tagging:GetResources servicediscovery:ListNamespaces servicediscovery:ListServices ec2:DescribeInstances rds:DescribeDBInstances lambda:ListFunctions20150331 sqs:ListQueues elasticache:DescribeCacheClusters dynamodb:ListTables dynamodb:DescribeTable kinesis:ListStreams elasticloadbalancing:DescribeLoadBalancers s3:ListBuckets autoscaling:DescribeAutoScalingGroups ecs:ListClusters ecs:DescribeServices health:DescribeEvents logs:DescribeLogGroups cloudtrail:LookupEvents apigateway:GetRestApis es:ListDomainNames firehose:ListDeliveryStreams states:ListStateMachines',
  backup:
    'ec2:DescribeVolumes ec2:CreateSnapshot ec2:DescribeSnapshots ec2:DeleteSnapshot ec2:CreateTags rds:CreateDBSnapshot rds:DescribeDBSnapshots rds:DeleteDBSnapshot backup:StartBackupJob backup:DescribeBackupJob ec2:CopySnapshot ec2:ModifySnapshotAttribute dynamodb:CreateBackup',
  rotate:
    'secretsmanager:DescribeSecret secretsmanager:GetSecretValue secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage iam:ListAccessKeys iam:CreateAccessKey iam:DeleteAccessKey iam:GetAccessKeyLastUsed kms:Decrypt kms:GenerateDataKey secretsmanager:GetRandomPassword',
  deploy:
    'sts:GetCallerIdentity ecr:GetAuthorizationToken ecr:BatchCheckLayerAvailability ecr:InitiateLayerUpload ecr:UploadLayerPart ecr:CompleteLayerUpload ecr:PutImage ecs:DescribeServices ecs:RegisterTaskDefinition ecs:UpdateService lambda:UpdateFunctionCode20150331v2 lambda:GetFunction20150331v2 lambda:PublishVersion20150331 lambda:UpdateAlias20150331 cloudformation:DescribeStacks cloudformation:CreateChangeSet cloudformation:DescribeChangeSet cloudformation:ExecuteChangeSet cloudformation:DescribeStackEvents s3:PutObject cloudfront:CreateInvalidation2020_05_31 ssm:GetParameter ec2:RunInstances autoscaling:StartInstanceRefresh',
};

// Service-linked roles: name, what they call, share of an account's noise.
const LINKED: readonly [role: string, host: string, weight: number, calls: string][] = [
  [
    'AWSServiceRoleForConfig',
    'config.amazonaws.com',
    8,
    'ec2:DescribeInstances ec2:DescribeVolumes ec2:DescribeSecurityGroups iam:ListRoles iam:GetRole iam:ListRolePolicies s3:GetBucketAcl s3:GetBucketPolicy s3:GetBucketTagging s3:GetBucketLifecycle s3:GetBucketReplication s3:GetBucketLogging s3:GetBucketEncryption lambda:ListFunctions20150331 lambda:GetFunction20150331v2 rds:DescribeDBInstances kms:DescribeKey kms:ListGrants sns:GetTopicAttributes elasticloadbalancing:DescribeLoadBalancers cloudformation:DescribeStacks dynamodb:DescribeTable autoscaling:DescribeAutoScalingGroups acm:DescribeCertificate ec2:DescribeVpcs ec2:DescribeSubnets ec2:DescribeNetworkInterfaces',
  ],
  [
    'AWSServiceRoleForTrustedAdvisor',
    'trustedadvisor.amazonaws.com',
    3,
    'ec2:DescribeInstances ec2:DescribeReservedInstances ec2:DescribeSecurityGroups ec2:DescribeVolumes s3:GetBucketAcl s3:GetBucketPolicyStatus s3:GetBucketLocation s3:GetBucketVersioning s3:ListBuckets iam:GetAccountPasswordPolicy iam:ListUsers elasticloadbalancing:DescribeLoadBalancers rds:DescribeDBInstances route53:ListHostedZones autoscaling:DescribeAutoScalingGroups ec2:DescribeAddresses iam:GetAccountSummary',
  ],
  [
    'AWSServiceRoleForAutoScaling',
    'autoscaling.amazonaws.com',
    3,
    'ec2:DescribeInstances ec2:RunInstances ec2:TerminateInstances ec2:DescribeInstanceStatus elasticloadbalancing:DescribeTargetHealth elasticloadbalancing:RegisterTargets elasticloadbalancing:DeregisterTargets ec2:CreateTags ec2:DescribeLaunchTemplateVersions monitoring:PutMetricAlarm monitoring:DeleteAlarms ec2:DescribeSubnets',
  ],
  [
    'AWSServiceRoleForECS',
    'ecs.amazonaws.com',
    2,
    'elasticloadbalancing:RegisterTargets elasticloadbalancing:DeregisterTargets elasticloadbalancing:DescribeTargetHealth ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:AttachNetworkInterface ec2:DescribeNetworkInterfaces servicediscovery:RegisterInstance servicediscovery:DeregisterInstance ec2:CreateTags servicediscovery:GetInstancesHealthStatus',
  ],
  [
    'AWSServiceRoleForApplicationAutoScaling_ECSService',
    'ecs.application-autoscaling.amazonaws.com',
    1.5,
    'ecs:DescribeServices ecs:UpdateService monitoring:DescribeAlarms monitoring:PutMetricAlarm monitoring:DeleteAlarms',
  ],
  [
    'AWSServiceRoleForAmazonGuardDuty',
    'guardduty.amazonaws.com',
    1,
    'ec2:DescribeInstances ec2:DescribeImages ec2:DescribeVpcEndpoints ec2:DescribeSubnets ec2:DescribeVpcPeeringConnections organizations:ListAccounts ec2:DescribeTransitGatewayAttachments eks:ListClusters lambda:GetFunctionConfiguration20150331v2',
  ],
  [
    'AWSServiceRoleForAmazonInspector2',
    'inspector2.amazonaws.com',
    2,
    'ec2:DescribeInstances ec2:DescribeTags ssm:DescribeInstanceInformation ecr:DescribeRepositories ecr:DescribeImages lambda:ListFunctions20150331 lambda:GetFunction20150331v2 ec2:DescribeVolumes ec2:CreateSnapshot ec2:DeleteSnapshot ssm:GetInventory organizations:DescribeAccount ec2:DescribeImages',
  ],
  [
    'AWSServiceRoleForRDS',
    'rds.amazonaws.com',
    1,
    'ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcAttribute ec2:DescribeVpcs ec2:DescribeAvailabilityZones ec2:DescribeInternetGateways sns:GetTopicAttributes',
  ],
  [
    'AWSServiceRoleForSecurityHub',
    'securityhub.amazonaws.com',
    1.5,
    'config:DescribeConfigRules config:PutEvaluations config:PutConfigRule config:DescribeConfigurationRecorders config:DescribeConfigurationRecorderStatus cloudtrail:DescribeTrails cloudtrail:GetTrailStatus iam:GenerateCredentialReport monitoring:DescribeAlarms sns:ListSubscriptionsByTopic',
  ],
  [
    'AWSServiceRoleForElasticLoadBalancing',
    'elasticloadbalancing.amazonaws.com',
    1,
    'ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets ec2:DescribeSecurityGroups ec2:DescribeInstances ec2:ModifyNetworkInterfaceAttribute ec2:DescribeVpcs',
  ],
];

function habits(
  random: Random,
  app: App,
  keys: readonly string[],
  noisy: boolean,
): Weighted<Habit> {
  const list: Habit[] = keys.map((key, rank) => {
    const op = operation(key);
    const broken = random.chance(noisy ? 0.4 : 0.15);
    const resources: string[] = [];
    if (op.kind === 'assume')
      resources.push(`arn:aws:iam::${app.account}:role/${usualResource(random, app, 'assume')}`);
    else if (op.kind !== '')
      for (let i = random.between(1, 4); i > 0; i--)
        resources.push(usualResource(random, app, op.kind));
    return {
      operation: op,
      resources,
      weight: spread(random, 0.9) / (1 + rank) ** 1.1,
      errorRate: broken ? 0.08 + 0.75 * random.next() : 0.022 * spread(random, 1),
      error: random.chance(0.55) ? missingCode(op) : deniedCode(op),
    };
  });
  return new Weighted(list, (habit) => habit.weight);
}

function programme(random: Random, archetype: string): string[] {
  const all = (ARCHETYPES[archetype] as string).split(' ');
  const count = Math.min(all.length, random.between(3, 11));
  // The first ones of an archetype are what nearly all of its kind do.
  const keys = all.filter((_, i) => random.next() < count / (1 + i * 0.9));
  if (keys.length === 0) keys.push(all[0] as string);
  if (random.chance(0.5)) {
    const other = (ARCHETYPES[random.pick(['web', 'data', 'worker'])] as string).split(' ');
    keys.push(random.pick(other));
  }
  // Rare habits: what the code does on a path that is seldom taken.
  for (let i = random.between(0, 4); i > 0; i--) {
    const service = random.pick([
      's3',
      'ec2',
      'ssm',
      'logs',
      'dynamodb',
      'sqs',
      'sns',
      'lambda',
      'kms',
      'secretsmanager',
      'sts',
      'monitoring',
      'events',
      'rds',
    ]);
    keys.push(random.pick(SERVICES.get(service) as Operation[]).key);
  }
  return [...new Set(keys)].filter((key) => !key.startsWith('sts:AssumeRoleWith'));
}

const SHAPES: readonly [kind: RobotKind, share: number, archetypes: readonly string[]][] = [
  ['instance', 42, ['web', 'machine', 'data', 'machine', 'controller']],
  ['function', 52, ['web', 'worker', 'worker', 'data', 'monitor', 'rotate']],
  ['task', 26, ['web', 'worker', 'web', 'data']],
  ['pod', 16, ['controller', 'web', 'worker', 'monitor']],
  ['pipeline', 14, ['deploy']],
  ['terraform', 5, ['deploy']],
  ['legacy', 24, ['web', 'data', 'worker', 'monitor', 'machine']],
  ['cron', 16, ['backup', 'rotate', 'monitor', 'data', 'backup']],
];

const MEAN_RATES: Readonly<Record<RobotKind, number>> = {
  instance: 60,
  function: 45,
  task: 40,
  pod: 80,
  pipeline: 50,
  terraform: 130,
  cron: 50,
  scanner: 190,
  linked: 60,
  legacy: 230,
};

export function makeRobot(
  random: Random,
  org: Org,
  kind: RobotKind,
  archetype: string,
  app: App,
  firstDay = 0,
): Robot {
  const account = org.accounts.find(({id}) => id === app.account) ?? (org.accounts[0] as Account);
  const suffix = random.pick([
    '',
    '-api',
    '-worker',
    '-job',
    '-svc',
    '-batch',
    '-sync',
    '-stream',
    '-admin',
  ]);
  const names: Record<string, string> = {
    instance: `app-${app.name}${suffix}`,
    function: `lambda-${app.name}${suffix}-${archetype}`,
    task: `ecs-${app.name}${suffix}`,
    pod: `eks-${app.name}${suffix}`,
    pipeline: `deploy-${app.name}${suffix}`,
    terraform: `terraform-${account.name}`,
    legacy: `svc-${app.name}${suffix}`,
    cron: `job-${app.name}-${archetype}`,
    scanner: 'security-audit',
  };
  const usesEndpoint = (kind === 'instance' || kind === 'pod') && random.chance(0.22);
  return {
    kind,
    roleArn: `arn:aws:iam::${app.account}:${kind === 'legacy' ? 'user' : 'role'}/${names[kind]}`,
    app,
    account,
    rate: (MEAN_RATES[kind] as number) * spread(random, 1.25),
    diurnal: kind === 'cron' || kind === 'linked' ? 0 : random.next() * 0.8,
    habits: habits(
      random,
      app,
      kind === 'scanner' ? scannerProgramme(random) : programme(random, archetype),
      kind === 'terraform' || kind === 'scanner' || random.chance(0.2),
    ),
    userAgent:
      kind === 'terraform'
        ? userAgents.TERRAFORM
        : kind === 'scanner'
          ? userAgents.PROWLER
          : kind === 'pipeline'
            ? random.chance(0.5)
              ? userAgents.GITHUB
              : userAgents.sdkAgent(random)
            : userAgents.sdkAgent(random),
    addresses:
      kind === 'function' && random.chance(0.6)
        ? Array.from({length: 12}, () => awsAddress(random))
        : [...account.nat],
    endpoint: usesEndpoint ? random.pick(account.endpoints) : undefined,
    sessions: [],
    minute: random.below(24 * 60),
    partner: random.pick(org.accounts).id,
    firstDay,
  };
}

function scannerProgramme(random: Random): string[] {
  const keys: string[] = [];
  for (const [service, all] of SERVICES) {
    if (service === 'sts' || service === 'signin' || service === 'sso' || service === 'cloudshell')
      continue;
    for (const op of all) {
      if (
        op.readOnly &&
        !op.data &&
        /^(Describe|List|GetBucket|GetAccount|GetPolicy|GetRole|GetKey|GetUser|GetCredential)/.test(
          op.name,
        ) &&
        random.chance(0.45)
      )
        keys.push(op.key);
    }
  }
  return random.shuffle(keys);
}

/** The roles of the organisation: about 180 at scale 1, with heavy-tailed rates adding up to `total`. */
export function makeRobots(random: Random, org: Org, total: number): Robot[] {
  const robots: Robot[] = [];
  const factor = org.scale ** 0.8;
  const taken = new Set<string>();
  for (const [kind, share, archetypes] of SHAPES) {
    const count = Math.max(2, Math.round(share * factor));
    for (let i = 0; i < count; i++) {
      const robot = makeRobot(random, org, kind, random.pick(archetypes), random.pick(org.apps));
      if (taken.has(robot.roleArn)) continue;
      taken.add(robot.roleArn);
      robots.push(robot);
    }
  }
  for (const account of org.accounts) {
    const app: App = {
      name: account.name,
      account: account.id,
      region: account.regions[0] as string,
      resources: new Map(),
    };
    const scanner = makeRobot(random, org, 'scanner', 'monitor', app);
    scanner.rate = MEAN_RATES.scanner * (0.6 + random.next());
    robots.push(scanner);
    const local = org.apps.filter((other) => other.account === account.id);
    for (const [role, host, weight, calls] of LINKED) {
      const linkedApp = local.length > 0 ? random.pick(local) : app;
      robots.push({
        kind: 'linked',
        roleArn: `arn:aws:iam::${account.id}:role/aws-service-role/${host}/${role}`,
        app: linkedApp,
        account,
        rate: weight * 20 * spread(random, 0.7),
        diurnal: role.includes('Scaling') || role.endsWith('ECS') ? 0.6 : 0,
        habits: habits(random, linkedApp, calls.split(' '), role.endsWith('Config')),
        userAgent: host,
        addresses: [host],
        endpoint: undefined,
        sessions: [],
        minute: random.below(24 * 60),
        partner: account.id,
        firstDay: 0,
      });
    }
  }
  let sum = 0;
  for (const robot of robots) sum += robot.rate;
  for (const robot of robots) robot.rate *= total / sum;
  return robots;
}

const OFFICE_HOURS = [
  0.3, 0.25, 0.22, 0.22, 0.28, 0.4, 0.6, 0.9, 1.4, 1.8, 1.9, 1.8, 1.6, 1.8, 2, 2, 1.9, 1.7, 1.4,
  1.1, 0.9, 0.7, 0.5, 0.4,
] as const;

function timeOfDay(random: Random, diurnal: number): number {
  const hour = random.below(24);
  if (random.chance(diurnal) && random.next() * 2 > (OFFICE_HOURS[hour] as number))
    return timeOfDay(random, diurnal);
  return hour * HOUR + random.below(HOUR);
}

/** Appends what this role does on the day that begins at `start`. */
export function robotDay(
  robot: Robot,
  random: Random,
  start: number,
  day: number,
  weekend: boolean,
  calls: Call[],
): void {
  if (day < robot.firstDay) return;
  const quiet = weekend ? 1 - 0.75 * robot.diurnal : 1;
  switch (robot.kind) {
    case 'pipeline':
    case 'terraform': {
      const length = robot.kind === 'terraform' ? 60 : 22;
      for (
        let runs = random.poisson((robot.rate / length) * (weekend ? 0.12 : 1.35));
        runs > 0;
        runs--
      ) {
        const begin = start + timeOfDay(random, 0.97);
        run(robot, random, begin, Math.round(length * spread(random, 0.4)), 900, calls);
      }
      return;
    }
    case 'cron': {
      const runs = Math.max(1, Math.min(24, Math.round(robot.rate / 12)));
      for (let i = 0; i < runs; i++) {
        const begin =
          start + ((robot.minute * 60_000 + (i * DAY) / runs) % DAY) + random.below(20_000);
        run(robot, random, begin, random.poisson(robot.rate / runs), 700, calls);
      }
      return;
    }
    case 'scanner':
      run(
        robot,
        random,
        start + robot.minute * 60_000 + random.below(300_000),
        random.poisson(robot.rate),
        350,
        calls,
      );
      return;
    default: {
      const count = random.poisson(robot.rate * quiet * spread(random, 0.15));
      const times: number[] = [];
      for (let i = 0; i < count; i++) times.push(start + timeOfDay(random, robot.diurnal));
      times.sort((a, b) => a - b);
      for (const time of times)
        robotCall(robot, random, time, sessionOf(robot, random, time, calls), calls);
      if (random.chance(robot.kind === 'function' ? 0.01 : 0.004)) upgrade(robot, random);
    }
  }
}

function upgrade(robot: Robot, random: Random): void {
  robot.userAgent = robot.kind === 'linked' ? robot.userAgent : userAgents.sdkAgent(random);
  if (random.chance(0.3)) robot.sessions = [];
}

function run(
  robot: Robot,
  random: Random,
  begin: number,
  count: number,
  meanGap: number,
  calls: Call[],
): void {
  if (count === 0) return;
  robot.sessions = [];
  if (robot.kind === 'pipeline') robot.addresses = [awsAddress(random)];
  const session = sessionOf(robot, random, begin, calls);
  let time = begin + 1500;
  const into =
    robot.kind === 'pipeline' && robot.partner !== robot.app.account && random.chance(0.5);
  const chained = into ? chain(robot, session, random, time, calls) : session;
  for (let i = 0; i < count; i++) {
    robotCall(robot, random, time, random.chance(0.6) ? chained : session, calls);
    time += 50 + random.exponential(meanGap);
  }
}

/** A pipeline takes on a role of another account: the same call is recorded in both. */
function chain(
  robot: Robot,
  session: Session,
  random: Random,
  time: number,
  calls: Call[],
): Session {
  const roleArn = `arn:aws:iam::${robot.partner}:role/deploy-target`;
  const accessKeyId = `ASIA${base32(random, 16)}`;
  const name = robot.roleArn.slice(robot.roleArn.lastIndexOf('/') + 1);
  const shared = {
    time: time - 400,
    operation: ASSUME_ROLE,
    region: robot.app.region,
    resource: roleArn,
    error: '',
    request: {roleArn, roleSessionName: name, durationSeconds: 3600},
    response: assumeRoleResponse(roleArn, name, accessKeyId, time, random),
    sharedEventId: uuid(random),
  };
  calls.push({...shared, session, account: robot.app.account});
  const principalId = `${roleId(robot.roleArn)}:${session.arn.slice(session.arn.lastIndexOf('/') + 1)}`;
  const seenThere = {type: 'AWSAccount', principalId, accountId: robot.app.account};
  calls.push({...shared, session: {...session, identity: seenThere}, account: robot.partner});
  return assumedRole({roleArn, name, accessKeyId, since: time - 400}, session);
}

function robotCall(
  robot: Robot,
  random: Random,
  time: number,
  session: Session,
  calls: Call[],
): void {
  const habit = robot.habits.draw(random);
  const {operation: op, resources} = habit;
  const {app} = robot;
  let resource = resources.length === 0 ? '' : random.pick(resources);
  // Some kinds of thing come and go, so that a new name is no news.
  if (op.kind === 'instance' || op.kind === 'eni' || op.kind === 'snapshot' || op.kind === 'volume')
    resource = usualResource(random, app, op.kind);
  if (op.name.startsWith('Create') && op.kind !== '')
    resource = createResource(random, app, op.kind);
  const error = random.chance(habit.errorRate)
    ? random.chance(0.8)
      ? habit.error
      : ordinaryError(op, random)
    : '';
  const call: Call = {
    time,
    session,
    operation: op,
    account: session.account,
    region: app.region,
    resource,
    error,
    request:
      op.key === 'ec2:ModifySnapshotAttribute'
        ? snapshotShareRequest(resource, robot.partner)
        : undefined,
  };
  calls.push(call);
  if (
    error === '' &&
    (op.key === 'secretsmanager:GetSecretValue' || op.key === 'ssm:GetParameter') &&
    random.chance(0.6)
  ) {
    calls.push({
      time: time + 12,
      session,
      operation: DECRYPT,
      account: app.account,
      region: app.region,
      resource: usualResource(random, app, 'key'),
      error: '',
      invokedBy: op.service === 'ssm' ? 'ssm.amazonaws.com' : 'secretsmanager.amazonaws.com',
    });
  }
}

const DECRYPT = operation('kms:Decrypt');
const ASSUME_ROLE = operation('sts:AssumeRole');
const ASSUME_WEB = operation('sts:AssumeRoleWithWebIdentity');
const GITHUB_PROVIDER = 'token.actions.githubusercontent.com';

/** The session in which a role acts at this time; renews credentials, and says so in the trail. */
function sessionOf(robot: Robot, random: Random, time: number, calls: Call[]): Session {
  let running: RunningSession | undefined;
  const wanted =
    robot.kind === 'instance' ? 4 : robot.kind === 'task' || robot.kind === 'pod' ? 3 : 1;
  if (robot.sessions.length < wanted || random.chance(robot.kind === 'instance' ? 0.004 : 0.01)) {
    running = {name: sessionName(robot, random, time), session: undefined, expires: 0};
    robot.sessions.push(running);
    if (robot.sessions.length > wanted) robot.sessions.shift();
  } else {
    running = random.pick(robot.sessions);
  }
  if (running.session === undefined || time > running.expires) {
    running.session = begin(robot, running.name, random, time, calls);
    running.expires = time + (robot.kind === 'linked' ? 1 : 6) * HOUR * (0.8 + 0.2 * random.next());
  }
  return running.session;
}

function sessionName(robot: Robot, random: Random, time: number): string {
  switch (robot.kind) {
    case 'instance':
      return usualResource(random, robot.app, 'instance');
    case 'function':
      return usualResource(random, robot.app, 'function');
    case 'task':
      return hex(random, 32);
    case 'pod':
      return `botocore-session-${Math.floor(time / 1000)}`;
    case 'pipeline':
      return robot.userAgent === userAgents.GITHUB
        ? 'GitHubActions'
        : `AWSCodeBuild-${uuid(random)}`;
    case 'terraform':
      return `aws-go-sdk-${Math.floor(time / 1000)}000000000`;
    case 'scanner':
      return 'ProwlerAssessmentSession';
    case 'linked':
      return robot.roleArn.includes('AutoScaling')
        ? 'AutoScaling'
        : robot.roleArn.includes('Config')
          ? 'AWSConfig-Describe'
          : 'SLRManagement';
    case 'legacy':
      return '';
    case 'cron':
      return `job-${Math.floor(time / 1000)}`;
  }
}

const HOSTS: Readonly<Record<RobotKind, string>> = {
  instance: 'ec2.amazonaws.com',
  function: 'lambda.amazonaws.com',
  task: 'ecs-tasks.amazonaws.com',
  pod: '',
  pipeline: 'codebuild.amazonaws.com',
  terraform: 'codebuild.amazonaws.com',
  cron: 'lambda.amazonaws.com',
  scanner: 'ecs-tasks.amazonaws.com',
  linked: '',
  legacy: '',
};

/** Gives a role its credentials: the `AssumeRole` record and the session that follows from it. */
function begin(robot: Robot, name: string, random: Random, time: number, calls: Call[]): Session {
  if (robot.kind === 'legacy') {
    const user = robot.roleArn.slice(robot.roleArn.indexOf('/') + 1);
    const key = {
      account: robot.app.account,
      name: user,
      accessKeyId: `AKIA${stableId(robot.roleArn, 16)}`,
    };
    return iamUser(key, {
      address: random.pick(robot.addresses),
      userAgent: robot.userAgent,
      tls: random.chance(0.2),
    });
  }
  const accessKeyId = `ASIA${base32(random, 16)}`;
  const since = time - random.between(300, 1500);
  const web = robot.kind === 'pod' || robot.userAgent === userAgents.GITHUB;
  const provider =
    robot.kind === 'pod'
      ? `oidc.eks.${robot.app.region}.amazonaws.com/id/${robot.app.account.padEnd(32, '7')}`
      : GITHUB_PROVIDER;
  const address =
    robot.endpoint === undefined ? random.pick(robot.addresses) : privateAddress(random);
  const access = {
    address,
    userAgent: robot.userAgent,
    tls: robot.kind !== 'linked' && random.chance(0.25),
    vpcEndpoint: robot.endpoint,
  };
  const host = robot.kind === 'linked' ? robot.userAgent : HOSTS[robot.kind];
  const linkedName = robot.roleArn.slice(robot.roleArn.indexOf(':role/') + 6);
  if (robot.kind !== 'linked' || random.chance(0.5)) {
    calls.push({
      time: since,
      session: web
        ? webIdentity(
            provider,
            robot.kind === 'pod'
              ? `system:serviceaccount:${robot.app.name}:${robot.app.name}`
              : `repo:northwind/${robot.app.name}:ref:refs/heads/main`,
            access,
          )
        : awsService(host),
      operation: web ? ASSUME_WEB : ASSUME_ROLE,
      account: robot.app.account,
      region: robot.app.region,
      resource: `arn:aws:iam::${robot.app.account}:role/${linkedName}`,
      error: '',
      request: {
        roleArn: robot.roleArn,
        roleSessionName: name,
        ...(robot.kind === 'function' ? {} : {durationSeconds: 3600}),
      },
      response: assumeRoleResponse(robot.roleArn, name, accessKeyId, since, random),
      sharedEventId: web ? undefined : uuid(random),
    });
  }
  const session = assumedRole(
    {
      roleArn: robot.roleArn,
      name,
      accessKeyId,
      since,
      ec2: robot.kind === 'instance',
      ...(web ? {provider: `arn:aws:iam::${robot.app.account}:oidc-provider/${provider}`} : {}),
    },
    access,
  );
  if (robot.kind !== 'linked') return session;
  return {...session, identity: {...session.identity, invokedBy: host}};
}

const SERVICE_CALLS: readonly [host: string, key: string, kind: string, weight: number][] = [
  ['cloudtrail.amazonaws.com', 's3:GetBucketAcl', 'bucket', 10],
  ['cloudtrail.amazonaws.com', 'kms:GenerateDataKey', 'key', 6],
  ['delivery.logs.amazonaws.com', 's3:GetBucketAcl', 'bucket', 2],
  ['s3.amazonaws.com', 'kms:GenerateDataKey', 'key', 5],
  ['dynamodb.amazonaws.com', 'kms:Decrypt', 'key', 8],
  ['rds.amazonaws.com', 'kms:CreateGrant', 'key', 1],
  ['sqs.amazonaws.com', 'kms:Decrypt', 'key', 3],
  ['lambda.amazonaws.com', 'kms:Decrypt', 'key', 4],
  ['ecr.amazonaws.com', 'kms:Decrypt', 'key', 1],
  ['config.amazonaws.com', 's3:GetBucketAcl', 'bucket', 2],
  ['elasticloadbalancing.amazonaws.com', 's3:GetBucketAcl', 'bucket', 1],
  ['ec2.amazonaws.com', 'kms:GenerateDataKeyWithoutPlaintext', 'key', 1.5],
  ['backup.amazonaws.com', 'kms:Decrypt', 'key', 0.7],
  ['secretsmanager.amazonaws.com', 'lambda:Invoke', 'function', 0.3],
];

/** What AWS services do by themselves on a day: `count` calls over all accounts. */
export function serviceDay(
  org: Org,
  random: Random,
  start: number,
  count: number,
  calls: Call[],
): void {
  const choice = new Weighted(SERVICE_CALLS, ([, , , weight]) => weight);
  for (let i = random.poisson(count); i > 0; i--) {
    const [host, key, kind] = choice.draw(random);
    const app = random.pick(org.apps);
    const op = operation(key);
    calls.push({
      time: start + random.below(DAY),
      session: awsService(host),
      operation: op,
      account: app.account,
      region: app.region,
      resource: usualResource(random, app, kind),
      error: op.service === 's3' && random.chance(0.02) ? 'AccessDenied' : '',
      sharedEventId: uuid(random),
    });
  }
}

/** The burst of one release: a pipeline that touches more than it usually does. */
export function releaseDay(robot: Robot, random: Random, start: number, calls: Call[]): void {
  const session = sessionOf(robot, random, start, calls);
  const wide = operations(
    'ec2',
    'RunInstances CreateSecurityGroup AuthorizeSecurityGroupIngress CreateTags DescribeImages CreateLaunchTemplateVersion DescribeLaunchTemplates',
  )
    .concat(operations('iam', 'CreateRole AttachRolePolicy GetRole PutRolePolicy'))
    .concat(
      operations(
        'elasticloadbalancing',
        'CreateTargetGroup ModifyListener CreateRule DescribeRules',
      ),
    )
    .concat(operations('route53', 'ChangeResourceRecordSets GetChange'))
    .concat(operations('logs', 'CreateLogGroup PutRetentionPolicy'))
    .concat(operations('monitoring', 'PutMetricAlarm PutDashboard'));
  let time = start;
  for (let i = random.between(40, 90); i > 0; i--) {
    if (random.chance(0.6)) robotCall(robot, random, time, session, calls);
    else {
      const op = random.pick(wide);
      const resource =
        op.kind === ''
          ? ''
          : op.name.startsWith('Create')
            ? createResource(random, robot.app, op.kind)
            : usualResource(random, robot.app, op.kind);
      calls.push({
        time,
        session,
        operation: op,
        account: robot.app.account,
        region: robot.app.region,
        resource,
        error: random.chance(0.05) ? ordinaryError(op, random) : '',
      });
    }
    time += 100 + random.exponential(4000);
  }
}

/** An application takes up a new service: from now on its role has habits it never had. */
export function migrate(robot: Robot, random: Random): void {
  const keys = robot.habits.values.map((habit) => habit.operation.key);
  const archetype = random.pick(['web', 'data', 'worker']);
  const fresh = (ARCHETYPES[archetype] as string).split(' ').filter((key) => !keys.includes(key));
  keys.splice(random.below(3), 0, ...random.shuffle(fresh).slice(0, random.between(2, 4)));
  robot.habits = habits(random, robot.app, keys, false);
}
