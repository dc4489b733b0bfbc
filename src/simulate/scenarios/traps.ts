import {base32} from '../draw.ts';
import {iamUser} from '../identity.ts';
import {consoleLogin, loginSession} from '../people.ts';
import type {ScenarioContext} from '../scenario.ts';
import {asRobot, ownCommand, someRobot, someUser, withKey, withKeyInside} from '../victims.ts';

/** Decoys that nobody has a reason to touch. */
export const DECOYS = {
  user: 'Backup_Admin',
  role: 'DevOps_role',
  table: 'CustomerAccounts',
  bucket: 'PasswordBackup',
} as const;

/** Somebody signs in to the console as the canary user; whether it works varies. */
export function canaryLogin(context: ScenarioContext): void {
  const {random, world, address} = context;
  const account = random.pick(world.org.accounts).id;
  const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
  const session = loginSession(account, DECOYS.user, {address, userAgent: browser});
  const succeeds = random.chance(0.6);
  for (let i = succeeds ? random.below(3) : random.between(1, 3); i > 0; i--) {
    write(false);
  }
  if (succeeds) {
    write(true);
    const inside = iamUser(
      {
        account,
        name: DECOYS.user,
        accessKeyId: `ASIA${base32(random, 16)}`,
        since: context.time,
        mfa: false,
      },
      {address, userAgent: browser, console: true},
    );
    for (const key of ['ec2:DescribeInstances', 's3:ListBuckets', 'iam:ListUsers'].filter(() =>
      random.chance(0.6),
    )) {
      context.call(inside, key, {resource: '', error: 'denied'});
    }
  }
  function write(success: boolean): void {
    const {request, response, additional, error} = consoleLogin(session, 0, account, success, 'No');
    context.call(session, 'signin:ConsoleLogin', {
      region: 'us-east-1',
      request: request ?? null,
      response: response ?? null,
      ...(additional === undefined ? {} : {additional}),
      error,
      eventType: 'AwsConsoleSignIn',
      after: 20_000,
    });
  }
}

/** Somebody tries to take on the canary role, after a look at which roles there are. */
export function canaryRole(context: ScenarioContext): void {
  const {random} = context;
  const user = someUser(context);
  const session = withKeyInside(context, user, 0.4);
  if (random.chance(0.7)) context.call(session, 'iam:ListRoles', {resource: ''});
  const roleArn = `arn:aws:iam::${session.account}:role/${DECOYS.role}`;
  const denied = random.chance(0.5);
  for (let i = denied ? random.between(1, 3) : 1; i > 0; i--) {
    context.call(session, 'sts:AssumeRole', {
      resource: roleArn,
      region: 'us-east-1',
      error: denied ? 'denied' : '',
      request: {roleArn, roleSessionName: user.iamUser ?? 'session', durationSeconds: 3600},
    });
  }
}

/** Somebody lists tables and reads the one that is bait. */
export function honeypotTable(context: ScenarioContext): void {
  const {random, address, script} = context;
  const robot = someRobot(context, ['function', 'task', 'instance']);
  const access = {address, userAgent: script, tls: true};
  const session = random.chance(0.5)
    ? asRobot(context, robot, access)
    : withKey(someUser(context), access);
  context.call(session, 'dynamodb:ListTables', {resource: ''});
  context.call(session, 'dynamodb:DescribeTable', {resource: DECOYS.table});
  for (let i = random.between(1, 4); i > 0; i--) {
    context.call(session, 'dynamodb:Scan', {
      resource: DECOYS.table,
      request: {tableName: DECOYS.table, limit: 1000, select: 'ALL_ATTRIBUTES'},
      error: random.chance(0.2) ? 'denied' : '',
    });
  }
}

/** Somebody takes an object out of the bait bucket: a data event. */
export function honeypotBucket(context: ScenarioContext): void {
  const {random, address, script, cli} = context;
  const robot = someRobot(context, ['function', 'task', 'instance']);
  const access = {address, userAgent: random.chance(0.5) ? script : cli, tls: true};
  const user = someUser(context);
  const session = random.chance(0.4)
    ? asRobot(context, robot, access)
    : withKey(user, random.chance(0.4) ? ownCommand(context, user) : access);
  if (random.chance(0.7)) context.call(session, 's3:ListBuckets', {region: 'us-east-1'});
  context.call(session, 's3:ListObjects', {resource: DECOYS.bucket});
  for (const key of random
    .shuffle(['passwords.kdbx', 'PasswordBackup.csv', 'root-keys.txt'])
    .slice(0, random.between(1, 3))) {
    context.call(session, 's3:GetObject', {
      resource: DECOYS.bucket,
      request: {
        bucketName: DECOYS.bucket,
        Host: `${DECOYS.bucket}.s3.eu-west-1.amazonaws.com`,
        key: `PasswordBackup/${key}`,
      },
    });
  }
}
