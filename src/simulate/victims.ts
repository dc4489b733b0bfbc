import type {Session} from './call.ts';
import {base32, hex} from './draw.ts';
import {type Access, assumedRole, iamUser} from './identity.ts';
import {stableId} from './parameters.ts';
import {addressOf, type Person} from './people.ts';
import {usualResource} from './resources.ts';
import type {Robot, RobotKind} from './robots.ts';
import type {ScenarioContext} from './scenario.ts';

/** An IAM user whose keys can be stolen: in service from the start, and not Raul. */
export function someUser(context: ScenarioContext, families?: readonly string[]): Person {
  const {random, world} = context;
  const users = world.people.filter(
    ({iamUser: user, name, firstDay, family}) =>
      user !== undefined &&
      name !== 'raul' &&
      firstDay === 0 &&
      (families?.includes(family) ?? true),
  );
  if (users.length > 0) return random.pick(users);
  return families === undefined ? world.raul : someUser(context);
}

/** The user's long-lived key in somebody's hands. */
export function withKey(person: Person, access: Access): Session {
  const account = person.accounts[0] as string;
  return iamUser(
    {account, name: person.iamUser ?? person.name, accessKeyId: person.accessKeyId},
    access,
  );
}

/** The way the person's own command line calls. */
export function ownCommand({random, world}: ScenarioContext, person: Person): Access {
  return {address: addressOf(person, random, world.org), userAgent: person.cli};
}

/** The user's key, with this chance from the person's own desk, else from where the attacker is. */
export function withKeyInside(context: ScenarioContext, person: Person, chance: number): Session {
  const {random, address, cli} = context;
  const access = random.chance(chance)
    ? ownCommand(context, person)
    : {address, userAgent: cli, tls: true};
  return withKey(person, access);
}

/** Any person of these families, by whatever way he signs in. */
export function somePerson(context: ScenarioContext, families: readonly string[]): Person {
  const {random, world} = context;
  const able = world.people.filter(
    ({family, firstDay, name}) => families.includes(family) && firstDay === 0 && name !== 'raul',
  );
  return random.pick(able.length > 0 ? able : world.people);
}

/** A session of the person as the portal or the IAM user would have it. */
export function asPerson(context: ScenarioContext, person: Person, access: Access): Session {
  if (person.iamUser !== undefined) return withKey(person, access);
  const account = person.accounts[0] as string;
  const suffix = stableId(person.permissionSet + account, 16).toLowerCase();
  return assumedRole(
    {
      roleArn: `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_${person.permissionSet}_${suffix}`,
      name: `${person.name}@northwind.example`,
      accessKeyId: `ASIA${base32(context.random, 16)}`,
      since: context.time - 600_000,
    },
    access,
  );
}

/** A role of some application, of these kinds. */
export function someRobot(context: ScenarioContext, kinds: readonly RobotKind[]): Robot {
  const {random, world} = context;
  return random.pick(
    world.robots.filter(({kind, firstDay}) => kinds.includes(kind) && firstDay === 0),
  );
}

/** A session of the role under its usual kind of name, reached in this way. */
export function asRobot(context: ScenarioContext, robot: Robot, access: Access): Session {
  const {random} = context;
  const name =
    robot.kind === 'instance'
      ? usualResource(random, robot.app, 'instance')
      : robot.kind === 'function'
        ? usualResource(random, robot.app, 'function')
        : hex(random, 32);
  return assumedRole(
    {
      roleArn: robot.roleArn,
      name,
      accessKeyId: `ASIA${base32(random, 16)}`,
      since: context.time - 1_800_000,
      ec2: robot.kind === 'instance',
    },
    access,
  );
}

/** The way the role's own machines call. */
export function ownAccess(robot: Robot): Access {
  return {address: robot.addresses[0] as string, userAgent: robot.userAgent, tls: true};
}
