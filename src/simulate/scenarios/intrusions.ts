import {base32, hex} from '../draw.ts';
import {assumedRole, iamUser} from '../identity.ts';
import {americanTime, assumeRoleResponse, runInstancesRequest} from '../parameters.ts';
import {usualResource} from '../resources.ts';
import type {ScenarioContext} from '../scenario.ts';
import {
  asPerson,
  asRobot,
  ownAccess,
  somePerson,
  someRobot,
  someUser,
  withKey,
  withKeyInside,
} from '../victims.ts';

/** Credentials of an instance used from outside: mostly what the role does anyway, from elsewhere. */
export function stolenRole(context: ScenarioContext): void {
  const {random, address, script, cli} = context;
  const robot = someRobot(context, ['instance', 'pod', 'task']);
  const session = asRobot(context, robot, {
    address,
    userAgent: random.chance(0.5) ? script : cli,
    tls: true,
  });
  context.call(session, 'sts:GetCallerIdentity', {region: 'us-east-1'});
  for (let i = random.between(4, 14); i > 0; i--) {
    const habit = robot.habits.draw(random);
    const [resource = ''] = habit.resources;
    if (random.chance(0.6))
      context.call(session, habit.operation.key, {
        region: robot.app.region,
        resource,
        error: random.chance(0.15) ? 'denied' : '',
      });
    else
      context.call(
        session,
        random.pick([
          's3:ListBuckets',
          'ec2:DescribeInstances',
          'iam:ListAttachedRolePolicies',
          'secretsmanager:ListSecrets',
          'ssm:DescribeParameters',
          'sts:GetCallerIdentity',
        ]),
        {region: robot.app.region, resource: '', error: random.chance(0.4) ? 'denied' : ''},
      );
    if (random.chance(0.15)) context.wait(15);
  }
}

/** From an ordinary user to an administrator, by what his policy forgot to forbid. */
export function privilegeEscalation(context: ScenarioContext): void {
  const {random, world} = context;
  const user = someUser(context);
  const session = withKeyInside(context, user, 0.3);
  const admin = 'arn:aws:iam::aws:policy/AdministratorAccess';
  const self = user.iamUser ?? user.name;
  const looks = random.shuffle([
    'iam:GetUser',
    'iam:ListAttachedUserPolicies',
    'iam:ListUserPolicies',
    'iam:ListRoles',
    'iam:ListPolicies',
    'iam:GetPolicyVersion',
  ]);
  for (const key of looks.slice(0, random.between(1, 4)))
    context.call(session, key, key.includes('User') ? {resource: self} : {});
  switch (random.below(5)) {
    case 0:
      context.call(session, 'iam:AttachUserPolicy', {
        resource: self,
        request: {userName: self, policyArn: admin},
        response: null,
      });
      break;
    case 1: {
      const other = somePerson(context, ['admin', 'ops']);
      context.call(session, 'iam:CreateAccessKey', {resource: other.iamUser ?? other.name});
      break;
    }
    case 2:
      context.call(session, 'iam:CreatePolicyVersion', {
        request: {
          policyArn: `arn:aws:iam::${session.account}:policy/developers`,
          policyDocument:
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
          setAsDefault: true,
        },
        response: {
          policyVersion: {
            versionId: 'v6',
            isDefaultVersion: true,
            createDate: americanTime(context.time),
          },
        },
      });
      break;
    case 3: {
      const app = random.pick(world.org.apps);
      const name = `${app.name}-maintenance`;
      context.call(session, 'lambda:CreateFunction20150331', {
        resource: name,
        request: {
          functionName: name,
          runtime: 'python3.12',
          role: `arn:aws:iam::${session.account}:role/admin-automation`,
          handler: 'i.h',
          code: {},
          publish: false,
        },
      });
      context.call(session, 'lambda:UpdateFunctionConfiguration20150331v2', {resource: name});
      break;
    }
    default: {
      const role = usualResource(random, random.pick(world.org.apps), 'role');
      context.call(session, 'iam:UpdateAssumeRolePolicy', {
        resource: role,
        request: {
          roleName: role,
          policyDocument: `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"${session.arn}"},"Action":"sts:AssumeRole"}]}`,
        },
        response: null,
      });
      const roleArn = `arn:aws:iam::${session.account}:role/${role}`;
      const key = `ASIA${base32(random, 16)}`;
      context.call(session, 'sts:AssumeRole', {
        resource: roleArn,
        region: 'us-east-1',
        request: {roleArn, roleSessionName: self},
        response: assumeRoleResponse(roleArn, self, key, context.time, random),
      });
      const chained = assumedRole(
        {roleArn, name: self, accessKeyId: key, since: context.time},
        session,
      );
      context.call(chained, 'iam:AttachUserPolicy', {
        resource: self,
        request: {userName: self, policyArn: admin},
        response: null,
      });
    }
  }
  if (random.chance(0.4)) context.call(session, 'iam:ListAttachedUserPolicies', {resource: self});
}

/** A second way in: a new user with a key, a key for another, a login, a function that calls home. */
export function persistence(context: ScenarioContext): void {
  const {random, address, cli} = context;
  const session = withKey(someUser(context, ['ops', 'admin', 'developer']), {
    address,
    userAgent: cli,
    tls: true,
  });
  const name =
    random.pick(['support-svc', 'backup-svc', 'aws-monitor', 'terraform-ci', 'adm']) +
    random.below(100);
  switch (random.below(3)) {
    case 0:
      context.call(session, 'iam:CreateUser', {resource: name});
      context.call(session, 'iam:AttachUserPolicy', {
        resource: name,
        request: {userName: name, policyArn: 'arn:aws:iam::aws:policy/PowerUserAccess'},
        response: null,
      });
      context.call(session, 'iam:CreateAccessKey', {resource: name});
      if (random.chance(0.5)) {
        const fresh = iamUser(
          {account: session.account, name, accessKeyId: `AKIA${base32(random, 16)}`},
          session,
        );
        context.wait(20);
        context.call(fresh, 'sts:GetCallerIdentity', {region: 'us-east-1'});
        context.call(fresh, 's3:ListBuckets', {region: 'us-east-1'});
      }
      break;
    case 1:
      context.call(session, 'iam:ListUsers', {resource: ''});
      context.call(session, 'iam:CreateLoginProfile', {
        request: {userName: name, passwordResetRequired: false},
      });
      context.call(session, 'iam:CreateAccessKey', {});
      break;
    default:
      context.call(session, 'lambda:CreateFunction20150331', {resource: name});
      context.call(session, 'lambda:AddPermission20150331v2', {
        resource: name,
        request: {
          functionName: name,
          principal: '*',
          action: 'lambda:InvokeFunction',
          statementId: hex(random, 8),
        },
      });
      context.call(session, 'lambda:CreateFunctionUrlConfig', {
        resource: name,
        request: {functionName: name, authType: 'NONE'},
      });
      context.call(session, 'events:PutRule', {resource: name});
  }
}

/** Blinding those who watch: trails, flow logs, detectors, log groups. */
export function defenseEvasion(context: ScenarioContext): void {
  const {random} = context;
  const user = someUser(context, ['ops', 'admin', 'developer', 'security']);
  const session = withKeyInside(context, user, 0.3);
  context.call(session, 'cloudtrail:DescribeTrails', {resource: ''});
  if (random.chance(0.5)) context.call(session, 'guardduty:ListDetectors', {resource: ''});
  const blows = random.shuffle([
    'cloudtrail:StopLogging',
    'ec2:DeleteFlowLogs',
    'guardduty:UpdateDetector',
    'config:StopConfigurationRecorder',
    'logs:DeleteLogGroup',
    'cloudtrail:PutEventSelectors',
    'securityhub:DisableSecurityHub',
    'monitoring:DeleteAlarms',
  ]);
  for (const key of blows.slice(0, random.between(1, 3)))
    context.call(session, key, {error: random.chance(0.25) ? 'denied' : ''});
}

/** Are these keys good, and for what? Few calls, most of them refused. */
export function credentialProbing(context: ScenarioContext): void {
  const {random, address, script} = context;
  const session = withKey(someUser(context), {address, userAgent: script, tls: true});
  context.call(session, 'sts:GetCallerIdentity', {region: 'us-east-1'});
  for (const key of random
    .shuffle(
      'iam:GetUser iam:ListAttachedUserPolicies ses:GetSendQuota sns:GetSMSAttributes bedrock:ListFoundationModels bedrock:InvokeModel s3:ListBuckets ec2:DescribeRegions iam:CreateUser servicequotas:ListServiceQuotas ses:ListIdentities'.split(
        ' ',
      ),
    )
    .slice(0, random.between(2, 6))) {
    context.call(session, key, {
      resource: '',
      error: random.chance(0.7) ? 'denied' : '',
      after: 500 + random.exponential(5000),
    });
  }
}

/** A few calls a day over a week, from one quiet network: never enough to count. */
export function slowRecon(context: ScenarioContext): void {
  const {random, address, script, world} = context;
  const user = someUser(context);
  const session = withKey(user, {address, userAgent: script, tls: true});
  const all = random.shuffle(
    's3:ListBuckets iam:ListUsers iam:ListRoles ec2:DescribeInstances rds:DescribeDBInstances secretsmanager:ListSecrets ssm:DescribeParameters lambda:ListFunctions20150331 organizations:DescribeOrganization kms:ListKeys dynamodb:ListTables ec2:DescribeSnapshots cloudtrail:DescribeTrails s3:GetBucketPolicy iam:GetAccountAuthorizationDetails eks:ListClusters ecr:DescribeRepositories'.split(
      ' ',
    ),
  );
  const left = Math.round((world.begin + world.days * 86_400_000 - context.day) / 86_400_000);
  for (let day = 0; day < Math.min(7, left); day++) {
    context.at(random.next() * 23, day);
    for (let i = random.between(1, 3); i > 0; i--) {
      const key = all[(day * 3 + i) % all.length] as string;
      context.call(session, key, {
        error: random.chance(0.25) ? 'denied' : '',
        after: random.exponential(1_200_000),
      });
    }
  }
}

/** Somebody of the house, at home in its networks and hours, takes data that is not his. */
export function insiderExfiltration(context: ScenarioContext): void {
  const {random, world} = context;
  const person = somePerson(context, ['data', 'developer', 'support']);
  context.at(9 + random.next() * 9 - person.office.zone);
  const session = asPerson(context, person, {
    address: random.pick(person.office.addresses),
    userAgent: person.cli,
  });
  const target = random.pick(world.org.apps.filter((app) => !person.apps.includes(app)));
  const bucket = usualResource(random, target, 'bucket');
  const region = target.region;
  context.call(session, 's3:ListObjects', {resource: bucket, region});
  for (let i = random.between(6, 30); i > 0; i--)
    context.call(session, 's3:GetObject', {
      resource: bucket,
      region,
      after: 400 + random.exponential(3000),
    });
  if (random.chance(0.4))
    context.call(session, 'dynamodb:ExportTableToPointInTime', {
      resource: usualResource(random, target, 'table'),
      region,
    });
  if (random.chance(0.4))
    context.call(session, 'secretsmanager:GetSecretValue', {
      resource: usualResource(random, target, 'secret'),
      region,
    });
}

const UNUSED_REGIONS = [
  'ap-south-1',
  'sa-east-1',
  'eu-north-1',
  'ap-northeast-2',
  'ca-central-1',
] as const;

/** Large machines in regions nobody uses. */
export function cryptoMining(context: ScenarioContext): void {
  const {random, address, script} = context;
  const robot = someRobot(context, ['pipeline', 'instance', 'pod']);
  const access = {address, userAgent: script, tls: true};
  const session = random.chance(0.5)
    ? asRobot(context, robot, access)
    : withKey(someUser(context), access);
  for (const region of random.shuffle([...UNUSED_REGIONS]).slice(0, random.between(1, 4))) {
    if (random.chance(0.6))
      context.call(session, 'ec2:DescribeInstanceTypeOfferings', {region, resource: ''});
    if (random.chance(0.5))
      context.call(session, 'ec2:CreateKeyPair', {region, resource: hex(random, 6)});
    if (random.chance(0.4)) context.call(session, 'servicequotas:ListServiceQuotas', {region});
    for (let i = random.between(1, 3); i > 0; i--) {
      const type = random.pick([
        'p3.16xlarge',
        'g5.48xlarge',
        'c6a.48xlarge',
        'p4d.24xlarge',
        'g4dn.12xlarge',
      ]);
      context.call(session, 'ec2:RunInstances', {
        region,
        resource: type,
        request: runInstancesRequest(type, region, random, random.between(1, 10)),
        error: random.chance(0.4) ? 'Client.VcpuLimitExceeded' : '',
        after: 2000,
      });
    }
  }
}

/** Reading every secret in reach. */
export function secretsTheft(context: ScenarioContext): void {
  const {random, address, script, world} = context;
  const robot = someRobot(context, ['function', 'task', 'pod', 'instance']);
  const inside = random.chance(0.4);
  const session = asRobot(
    context,
    robot,
    inside ? ownAccess(robot) : {address, userAgent: script, tls: true},
  );
  const region = robot.app.region;
  context.call(session, 'secretsmanager:ListSecrets', {region});
  const apps = world.org.apps.filter(({account}) => account === robot.app.account);
  for (let i = random.between(6, 18); i > 0; i--) {
    const app = random.pick(apps);
    if (random.chance(0.65))
      context.call(session, 'secretsmanager:GetSecretValue', {
        region,
        resource: usualResource(random, app, 'secret'),
        error: random.chance(0.3) ? 'denied' : '',
        after: 200 + random.exponential(2500),
      });
    else
      context.call(session, 'ssm:GetParameter', {
        region,
        resource: usualResource(random, app, 'parameter'),
        error: random.chance(0.3) ? 'denied' : '',
        after: 200 + random.exponential(2500),
      });
  }
}

/** Objects copied out and deleted, versions switched off, the bucket closed to its owner. */
export function ransomS3(context: ScenarioContext): void {
  const {random, address, cli, script} = context;
  const user = someUser(context, ['developer', 'data', 'ops']);
  const session = withKey(user, {address, userAgent: random.chance(0.5) ? cli : script, tls: true});
  const app = user.apps[0];
  const region = app?.region ?? 'eu-west-1';
  const bucket = app === undefined ? 'northwind-data' : usualResource(random, app, 'bucket');
  context.call(session, 's3:ListBuckets', {region: 'us-east-1'});
  context.call(session, 's3:GetBucketVersioning', {resource: bucket, region});
  context.call(session, 's3:ListObjects', {resource: bucket, region});
  context.call(session, 's3:PutBucketVersioning', {
    resource: bucket,
    region,
    request: {bucketName: bucket, VersioningConfiguration: {Status: 'Suspended'}, versioning: ''},
  });
  for (let i = random.between(5, 15); i > 0; i--)
    context.call(session, 's3:GetObject', {resource: bucket, region, after: 300});
  if (random.chance(0.6))
    context.call(session, 's3:PutBucketLifecycle', {resource: bucket, region});
  for (let i = random.between(2, 8); i > 0; i--)
    context.call(session, random.chance(0.5) ? 's3:DeleteObjects' : 's3:DeleteObject', {
      resource: bucket,
      region,
      after: 300,
    });
  context.call(session, 's3:PutObject', {
    resource: bucket,
    region,
    request: {bucketName: bucket, key: 'RECOVER-YOUR-FILES.txt'},
  });
  if (random.chance(0.5)) context.call(session, 's3:PutBucketPolicy', {resource: bucket, region});
}
