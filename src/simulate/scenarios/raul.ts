import {hex} from '../draw.ts';
import {interfaceBurst} from '../happenings.ts';
import {foreignAccount, iamUser} from '../identity.ts';
import {awsAddress} from '../org.ts';
import {snapshotShareRequest} from '../parameters.ts';
import type {ScenarioContext} from '../scenario.ts';

/**
 * Stolen credentials, then data exfiltration. In the evening somebody with the keys of the ordinary
 * user `raul` looks through S3 buckets; minutes later a script tries other services; later still he
 * copies a volume, shares the copy with an outside account, and removes it. On the same day a role
 * that is merely busy makes a burst of network interfaces: what a look at volume alone would report.
 */
export function raul(context: ScenarioContext): void {
  const {world, random, address, cli, script, outsideAccount} = context;
  const account = world.raul.accounts[0] as string;
  const others = world.org.apps.filter((app) => app.account === account);
  const region = world.raul.apps[0]?.region ?? 'eu-west-1';
  const user = {account, name: 'raul', accessKeyId: world.raul.accessKeyId};
  const byHand = iamUser(user, {address, userAgent: cli, tls: true});
  // Whoever buys keys looks through buckets with tools of his own, not with those of the victim.
  const looksWith = random.pick([
    `S3 Browser/11.${random.between(2, 9)}.${random.between(0, 9)} (https://s3browser.com)`,
    `aws-cli/2.${random.between(4, 17)}.${random.between(0, 20)} Python/3.11.8 Linux/6.6.9-amd64 exe/x86_64.kali.2024`,
  ]);
  const looking = iamUser(user, {address, userAgent: looksWith, tls: true});
  const byScript = iamUser(user, {address, userAgent: script, tls: true});
  context.benign((calls) =>
    interfaceBurst(world, random, context.day + (10 + random.next() * 6) * 3_600_000, calls),
  );

  context.at(19 + random.next());
  context.call(looking, 's3:ListBuckets', {region: 'us-east-1'});
  const buckets = random
    .shuffle(others.flatMap((app) => app.resources.get('bucket') ?? []))
    .slice(0, 4);
  const looks = random.shuffle(['s3:GetBucketAcl', 's3:GetBucketLocation', 's3:ListObjects']);
  for (const key of looks.slice(0, 2)) {
    const bucket =
      buckets.length > 0 ? random.pick(buckets) : `northwind-${hex(random, 6)}-archive`;
    context.call(looking, key, {resource: bucket, region});
  }
  context.wait(25);
  const tries = random.shuffle([
    'servicediscovery:ListServices',
    'servicediscovery:ListNamespaces',
    'elasticloadbalancing:DescribeLoadBalancers',
    'rds:DescribeDBInstances',
    'ecs:ListClusters',
  ]);
  const fixed = ['servicediscovery:ListServices', 'elasticloadbalancing:DescribeLoadBalancers'];
  for (const key of [...fixed, tries.find((one) => !fixed.includes(one)) as string]) {
    context.call(byScript, key, {region, resource: '', after: 400 + random.exponential(1500)});
  }

  context.wait(70);
  const volume = `vol-0${hex(random, 16)}`;
  const snapshot = `snap-0${hex(random, 16)}`;
  context.call(byHand, 'sts:GetCallerIdentity', {region: 'us-east-1'});
  context.call(byHand, 'ec2:CreateSnapshot', {
    region,
    resource: snapshot,
    request: {
      volumeId: volume,
      description: random.pick(['', 'backup', 'temp']),
      tagSpecificationSet: {},
    },
    after: 60_000 + random.exponential(60_000),
  });
  context.wait(7);
  context.call(byHand, 'ec2:ModifySnapshotAttribute', {
    region,
    resource: snapshot,
    request: snapshotShareRequest(snapshot, outsideAccount),
    response: {requestId: hex(random, 32), _return: true},
  });
  context.wait(4);
  const outside = foreignAccount(
    outsideAccount,
    `AROA5OUTSIDE${hex(random, 9).toUpperCase()}:puller`,
    {address: awsAddress(random), userAgent: script},
  );
  context.call(outside, 'ec2:CopySnapshot', {
    account,
    region,
    resource: snapshot,
    request: {sourceRegion: region, sourceSnapshotId: snapshot, encrypted: false},
    response: null,
    ignore: true,
  });
  context.wait(20);
  context.call(byHand, 'ec2:DeleteSnapshot', {region, resource: snapshot});
}
