import {hex} from '../draw.ts';
import {runInstancesRequest, snapshotShareRequest} from '../parameters.ts';
import {usualResource} from '../resources.ts';
import type {ScenarioContext} from '../scenario.ts';
import {
  asPerson,
  asRobot,
  ownAccess,
  ownCommand,
  somePerson,
  someRobot,
  someUser,
  withKey,
  withKeyInside,
} from '../victims.ts';

/** Instances launched by an identity that is not the deploy pipeline: a support user, a data role. */
export function unexpectedRunInstances(context: ScenarioContext): void {
  const {random, address, cli} = context;
  const person = random.chance(0.5)
    ? someUser(context, ['data', 'support'])
    : somePerson(context, ['support', 'finance', 'data']);
  const access = random.chance(0.6)
    ? {address, userAgent: cli, tls: true}
    : ownCommand(context, person);
  const session = asPerson(context, person, access);
  const region = person.apps[0]?.region ?? 'eu-west-1';
  if (random.chance(0.6)) context.call(session, 'ec2:DescribeImages', {region});
  if (random.chance(0.5)) context.call(session, 'ec2:DescribeSubnets', {region});
  if (random.chance(0.5))
    context.call(session, 'ec2:CreateKeyPair', {region, resource: `key-${hex(random, 5)}`});
  const count = random.between(1, 3);
  for (let i = 0; i < count; i++) {
    const type = random.pick(['t3.micro', 'm6i.large', 'c6i.xlarge', 'r6i.large']);
    context.call(session, 'ec2:RunInstances', {
      region,
      resource: type,
      request: runInstancesRequest(type, region, random, 1),
    });
  }
}

const DISCOVERY =
  'sts:GetCallerIdentity s3:ListBuckets iam:ListUsers iam:ListRoles iam:GetAccountSummary iam:GetAccountAuthorizationDetails ec2:DescribeInstances ec2:DescribeVpcs ec2:DescribeSecurityGroups ec2:DescribeSnapshots ec2:DescribeVolumes ec2:DescribeKeyPairs rds:DescribeDBInstances rds:DescribeDBSnapshots lambda:ListFunctions20150331 secretsmanager:ListSecrets ssm:DescribeParameters kms:ListKeys dynamodb:ListTables ecs:ListClusters eks:ListClusters ecr:DescribeRepositories cloudtrail:DescribeTrails guardduty:ListDetectors organizations:ListAccounts sqs:ListQueues sns:ListTopics cloudformation:ListStacks route53:ListHostedZones logs:DescribeLogGroups ses:GetSendQuota servicequotas:ListServiceQuotas bedrock:ListFoundationModels elasticfilesystem:DescribeFileSystems redshift:DescribeClusters'.split(
    ' ',
  );

/** Many List and Describe calls in a short time by a role that never makes such calls. */
export function discoveryBurst(context: ScenarioContext): void {
  const {random, address, script} = context;
  const robot = someRobot(context, ['instance', 'function', 'task']);
  const outside = random.chance(0.7);
  const session = asRobot(
    context,
    robot,
    outside ? {address, userAgent: script, tls: true} : {...ownAccess(robot), userAgent: script},
  );
  const calls = random.shuffle([...DISCOVERY]).slice(0, random.between(14, DISCOVERY.length));
  const refused = 0.2 + 0.5 * random.next();
  for (const key of calls) {
    context.call(session, key, {
      region: robot.app.region,
      resource: '',
      error: random.chance(refused) && key !== 'sts:GetCallerIdentity' ? 'denied' : '',
      after: 150 + random.exponential(2500),
    });
  }
}

/** A disk or database copy given to an account outside the organisation. */
export function snapshotShare(context: ScenarioContext): void {
  const {random, outsideAccount} = context;
  const person = someUser(context, ['developer', 'data', 'ops', 'support']);
  const session = withKeyInside(context, person, 0.35);
  const app = person.apps[0];
  const region = app?.region ?? 'eu-west-1';
  if (random.chance(0.7)) {
    if (random.chance(0.6)) context.call(session, 'ec2:DescribeVolumes', {region, resource: ''});
    const snapshot = `snap-0${hex(random, 16)}`;
    context.call(session, 'ec2:CreateSnapshot', {region, resource: snapshot});
    context.wait(5);
    context.call(session, 'ec2:ModifySnapshotAttribute', {
      region,
      resource: snapshot,
      request: snapshotShareRequest(snapshot, outsideAccount),
    });
    if (random.chance(0.5)) {
      context.wait(30);
      context.call(session, 'ec2:DeleteSnapshot', {region, resource: snapshot});
    }
    return;
  }
  const snapshot = `manual-${hex(random, 6)}`;
  context.call(session, 'rds:DescribeDBInstances', {region, resource: ''});
  context.call(session, 'rds:CreateDBSnapshot', {
    region,
    resource: snapshot,
    request: {
      dBSnapshotIdentifier: snapshot,
      dBInstanceIdentifier: app === undefined ? 'main' : usualResource(random, app, 'db'),
    },
  });
  context.wait(12);
  context.call(session, 'rds:ModifyDBSnapshotAttribute', {
    region,
    resource: snapshot,
    request: {
      dBSnapshotIdentifier: snapshot,
      attributeName: 'restore',
      valuesToAdd: [outsideAccount],
    },
  });
}

/** Many failed calls around secrets, keys and permissions. */
export function failedCalls(context: ScenarioContext): void {
  const {random, address, script} = context;
  const role = random.chance(0.5);
  const robot = someRobot(context, ['instance', 'task', 'function']);
  const access = {address, userAgent: script, tls: true};
  const session = role ? asRobot(context, robot, access) : withKey(someUser(context), access);
  const keys = random
    .shuffle(
      'secretsmanager:GetSecretValue secretsmanager:ListSecrets kms:Decrypt kms:ListKeys kms:CreateGrant iam:ListUsers iam:CreateAccessKey iam:AttachUserPolicy iam:GetUser iam:ListRoles iam:PutUserPolicy ssm:GetParameter ssm:DescribeParameters sts:GetSessionToken iam:UpdateAssumeRolePolicy'.split(
        ' ',
      ),
    )
    .slice(0, random.between(4, 9));
  for (let i = random.between(12, 40); i > 0; i--) {
    context.call(session, random.pick(keys), {
      error: random.chance(0.93) ? 'denied' : '',
      after: 300 + random.exponential(8000),
    });
  }
}

/** A sensitive bucket is listed again and again by an identity that is new to it. */
export function bucketEnumeration(context: ScenarioContext): void {
  const {random, address, cli, world} = context;
  const target = random.pick(world.org.apps);
  const bucket = usualResource(random, target, 'bucket');
  const robot = someRobot(context, ['instance', 'function', 'task']);
  const user = someUser(context);
  const session = random.chance(0.5)
    ? asRobot(context, robot, {address, userAgent: cli, tls: true})
    : withKey(
        user,
        random.chance(0.5)
          ? {address, userAgent: cli, tls: true}
          : {address: user.homeAddress, userAgent: user.cli},
      );
  context.call(session, 's3:ListBuckets', {region: 'us-east-1'});
  if (random.chance(0.6))
    context.call(session, 's3:GetBucketAcl', {resource: bucket, region: target.region});
  if (random.chance(0.6))
    context.call(session, 's3:GetBucketPolicy', {
      resource: bucket,
      region: target.region,
      error: random.chance(0.4) ? 'denied' : '',
    });
  for (let i = random.between(8, 40); i > 0; i--) {
    context.call(session, 's3:ListObjects', {
      resource: bucket,
      region: target.region,
      request: {
        bucketName: bucket,
        Host: `${bucket}.s3.${target.region}.amazonaws.com`,
        prefix: `${hex(random, 2)}/`,
        'list-type': '2',
      },
      after: 200 + random.exponential(2000),
    });
  }
}
