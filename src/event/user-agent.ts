import {component, NONE, type Texts} from './text.ts';

type Rule = readonly [family: string, pattern: RegExp];

// The first that matches decides; what wraps another client stands before it.
const FAMILIES: readonly Rule[] = [
  ['opentofu', /opentofu/],
  ['pulumi', /pulumi/],
  ['terraform', /terraform/],
  ['cdk', /\b(?:aws-)?cdk(?:-[a-z-]+)?\//],
  ['sam-cli', /aws-sam-cli/],
  ['ansible', /ansible/],
  ['packer', /packer\//],
  ['crossplane', /crossplane/],
  ['karpenter', /karpenter/],
  ['cluster-autoscaler', /cluster-autoscaler/],
  ['external-dns', /external-?dns/],
  ['aws-load-balancer-controller', /elbv2\.k8s\.aws|aws-load-balancer-controller/],
  ['eksctl', /eksctl/],
  ['kubectl', /kubectl|kube-|kubernetes|\bk8s\b/],
  ['eks', /\beks\b|amazon-vpc-cni|ebs-csi|efs-csi/],
  ['ssm-agent', /amazon-ssm-agent/],
  ['ecs-agent', /amazon ecs agent|amazon-ecs-agent/],
  ['powershell', /awspowershell|aws-tools-for-powershell/],
  ['aws-toolkit', /aws-toolkit|aws toolkit/],
  ['aws-cli', /\baws-cli\//],
  ['s3-browser', /s3 ?browser/],
  ['cyberduck', /cyberduck|mountain duck/],
  ['winscp', /winscp/],
  ['rclone', /rclone/],
  ['boto3', /\bboto3\//],
  ['botocore', /\bbotocore\//],
  ['boto', /\bboto\//],
  ['sdk-java', /aws-sdk-(?:java|kotlin|scala)/],
  ['sdk-go', /aws-sdk-go/],
  ['sdk-js', /aws-sdk-(?:js|node)/],
  ['sdk-php', /aws-sdk-php/],
  ['sdk-ruby', /aws-sdk-ruby/],
  ['sdk-dotnet', /aws-sdk-dotnet|aws-sdk-net/],
  ['sdk-rust', /aws-sdk-rust/],
  ['sdk-cpp', /aws-sdk-cpp/],
  ['sdk-python', /aws-sdk-python/],
  ['sdk-swift', /aws-sdk-swift/],
  ['sdk-mobile', /aws-sdk-(?:ios|android)/],
  ['python-requests', /python-requests/],
  ['python-urllib', /python-urllib/],
  ['python-aiohttp', /aiohttp/],
  ['go-http', /go-http-client/],
  ['curl', /\bcurl\//],
  ['wget', /\bwget\//],
  ['postman', /postman/],
  ['browser:edge', /\bedga?(?:ios)?\//],
  ['browser:opera', /\bopr\//],
  ['browser:firefox', /\b(?:firefox|fxios)\//],
  ['browser:chrome', /\b(?:chrome|crios|chromium)\//],
  ['browser:safari', /\bsafari\//],
  ['browser:ie', /\btrident\/|\bmsie /],
  ['browser:other', /^mozilla\//],
];

// Added to the family, whatever it is: each is news by itself.
const MARKERS: readonly Rule[] = [
  ['kali', /\bkali|kali\b|[-.]kali\d/],
  ['parrot', /parrot/],
  ['pentoo', /pentoo/],
  ['blackarch', /blackarch/],
  ['prowler', /prowler/],
  ['pacu', /\bpacu\b/],
  ['steampipe', /steampipe/],
  ['scoutsuite', /scout ?-?suite/],
  ['cloudsploit', /cloudsploit/],
  ['cloudfox', /cloudfox/],
  ['cloudmapper', /cloudmapper/],
  ['cloudgoat', /cloudgoat/],
  ['trufflehog', /trufflehog/],
  ['enumerate-iam', /enumerate-?iam/],
  ['s3scanner', /s3scanner|bucket_?finder/],
  ['stratus-red-team', /stratus-?red-?team/],
  ['grimoire', /grimoire/],
  ['cloud-custodian', /c7n|cloud-?custodian/],
  ['cloudshell', /exec-env\/(?:aws_)?cloudshell/],
  ['lambda', /exec-env\/aws_lambda/],
  ['ecs', /exec-env\/aws_ecs/],
];

const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{1,4}-?){1,3}[0-9a-f]{0,12}/g;

/**
 * The family of a client, without any version: "boto3", "sdk-go", "browser:firefox",
 * "aws-service". An operating system of attackers, a security tool and the place it
 * runs in are appended: "aws-cli+kali". Unknown clients give the first word of theirs.
 *
 * Reads `userAgent`, `sessionCredentialFromConsole`. At most 120 characters.
 */
export function userAgentOf(texts: Texts): string {
  // CloudTrail cuts at 1 KB; longer ones are of someone else's making.
  const text = (texts.userAgent ?? '')
    .slice(0, 1024)
    .trim()
    .replace(/^\[(.*)\]$/s, '$1')
    .replace(/^\[/, '')
    .toLowerCase()
    .trim();
  if (text === '') return NONE;
  const fromConsole = texts.sessionCredentialFromConsole === 'true';
  if (text === 'aws internal') return fromConsole ? 'console' : 'aws-internal';
  const host = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|aws\.internal)$/.exec(
    text,
  );
  if (host !== null) return serviceFamily(text);

  const base = baseOf(text);
  const markers = MARKERS.filter(([, pattern]) => pattern.test(text)).map(([marker]) => marker);
  if (markers.length === 0) return base ?? component(firstWord(text), 60);
  return component([...(base === undefined ? [] : [base]), ...markers].join('+'), 120);
}

function serviceFamily(host: string): string {
  if (/(?:^|\.)(?:console|signin)\./.test(host)) return 'console';
  if (host === 'cloudformation.amazonaws.com') return 'cloudformation';
  return 'aws-service'; // Which one, the principal or the operation says; see `networkOf`.
}

function baseOf(text: string): string | undefined {
  if (text.includes('aws-internal/')) {
    return /console|signin/.test(text) ? 'console' : 'aws-internal';
  }
  return (
    FAMILIES.find(([, pattern]) => pattern.test(text))?.[0] ??
    (/console/.test(text) ? 'console' : undefined)
  );
}

/** Up to the first "/" or space, without numbers that look like versions or ids. */
function firstWord(text: string): string {
  const word = text.replace(UUID, '').split(/[/\s(;,[\]]/, 1)[0] ?? '';
  const stem = word.replace(/[-_.]?v?\d[\d._-]*$/, '').replace(/[^a-z0-9._:-]/g, '');
  return stem.replace(/\d{4,}/g, '').replace(/^[-._:]+|[-._:]+$/g, '') || 'other';
}
