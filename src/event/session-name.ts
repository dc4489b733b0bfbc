const TECHNICAL = new Set(
  (
    'ai api app aws batch bot cfg cli cloud cloudformation com config cron default dev ec2 env exe ' +
    'func function go handler http internal io jar java job js json lambda local main mjs net node ' +
    'org prod prd py qa rb role run runner service session sh server stage staging stg sts svc sys ' +
    'system task temp test tmp tst uat v1 v2 worker xml yaml yml zip'
  ).split(' '),
);

const EMAIL = /^[^@\s/:]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;
const FIRST_LAST = /^([a-z][a-z'-]{1,24})\.([a-z][a-z'-]{1,24})$/i;

const WORKLOADS = [
  /^i-[0-9a-z]{8,20}$/, // an instance of EC2
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-/i,
  /\d{6}/, // counters and clock readings
  /^(?:botocore|aws-sdk|aws-go-sdk|aws-sdk-java|aws-cli|awscli|boto3|terraform|github|gitlab)/i,
  /^(?:jenkins|circleci|codebuild|awscodebuild|awscodepipeline|lambda|ecs|eks|ssm|session$)/i,
  /(?:\[bot\]|gserviceaccount\.com|noreply|no-reply)/i,
];

/** True when a session's name is that of a machine, or was made up for this one session. */
export function isWorkloadName(name: string): boolean {
  return name === '' || WORKLOADS.some((pattern) => pattern.test(name));
}

/**
 * True when the name alone shows that a person holds the session: an e-mail address, or two words
 * of letters with a dot between that are not the vocabulary of machines ("index.handler"). When in
 * doubt false: taking a machine for a person makes each of its sessions a principal of its own.
 */
export function isPersonName(name: string): boolean {
  if (isWorkloadName(name)) return false;
  if (EMAIL.test(name)) return true;
  const words = FIRST_LAST.exec(name);
  return words !== null && !words.slice(1).some((word) => TECHNICAL.has(word.toLowerCase()));
}

/** One spelling for each person: addresses do not care for case, user names may. */
export function personOf(name: string): string {
  return name.includes('@') ? name.toLowerCase() : name;
}
