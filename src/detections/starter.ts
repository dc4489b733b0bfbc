import type {Kind} from './detection.ts';

/** Kinds that `starterOf` has a file for: those that people write by hand. */
export const STARTER_KINDS = [
  'pattern',
  'condition',
  'alarm',
  'composite',
  'trap',
  'rate',
] as const satisfies readonly Kind[];

/** A commented file with one detection of a kind, which passes its own tests. */
export function starterOf(kind: (typeof STARTER_KINDS)[number], id: string): string {
  const {title, severity, when, answers, tests, more = ''} = STARTERS[kind](id);
  return `# Detections: \`oddtrail detections test FILE\` checks this file and runs its tests.
# docs/detections.md explains every setting.
detections:
  - id: ${id}
    # One line; {{name}} is a component, a fact of the match, or a \`$.path\` of the record.
    title: '${title}'
    description: What it means when this matches, and why that is unwanted.
    severity: ${severity} # informational | low | medium | high | critical
    # Silent at first: it says what it would have told. \`live\` tells people, \`off\` is not run.
    mode: silent
    when:
${indented(when, 6)}
${indented(answers, 4)}
    # Attack technique and tactic: https://attack.mitre.org
    techniques: [T1078.004]
    tactics: [initial-access]
    references: []
    runbook:
      - Ask the owner of the identity whether this was them.
      - If not, disable its credentials and look at what else it did.
    # What is known and harmless, each with an owner, a reason and an end:
    # exclusions:
    #   - id: backup-role
    #     condition: event.principal == "111111111111:role/backup"
    #     owner: storage-team
    #     reason: The nightly job does this.
    #     expires: 2027-03-01
    exclusions: []
    # Records may be partial: times, ids, account and region are filled in.
    tests:
${indented(tests, 6)}
${more === '' ? '' : `${indented(more, 2)}\n`}`;
}

interface Starter {
  readonly title: string;
  readonly severity: string;
  readonly when: string;
  readonly answers: string;
  readonly tests: string;
  readonly more?: string;
}

const ROOT_LOGIN = `{eventSource: signin.amazonaws.com, eventName: ConsoleLogin, userIdentity: {type: Root, accountId: '111111111111', arn: 'arn:aws:iam::111111111111:root'}}`;
const USER_LOGIN = `{eventSource: signin.amazonaws.com, eventName: ConsoleLogin, userIdentity: {type: IAMUser, accountId: '111111111111', userName: alice}}`;

const EACH_TESTS = `- name: root logs in
  events:
    - ${ROOT_LOGIN}
  expect: match
- name: somebody else logs in
  events:
    - ${USER_LOGIN}
  expect: none`;

const EACH_ANSWERS = `# Matches of one group within this time, from the first, are told as one.
group_by: [principal]
dedup: 1h`;

const ALARM_WHEN = `alarm:
  pattern: '{ $.errorCode = "AccessDenied" }'
  metric: {name: Denied, namespace: Oddtrail}
  statistic: Sum
  period: 5m
  evaluation_periods: 1
  threshold: 3
  comparison: '>='
  missing_data: notBreaching`;

const DENIED = `{eventSource: iam.amazonaws.com, eventName: ListUsers, errorCode: AccessDenied, userIdentity: {type: IAMUser, accountId: '111111111111', userName: alice}}`;

const ALARM_TESTS = `- name: three denied calls within a period
  events:
    - {record: ${DENIED}, repeat: 3}
    - {after: 30m}
  expect: match
- name: two denied calls
  events:
    - {record: ${DENIED}, repeat: 2}
    - {after: 30m}
  expect: none`;

const ALARM_ANSWERS = `dedup: 0s`;

const STARTERS: Readonly<Record<(typeof STARTER_KINDS)[number], (id: string) => Starter>> = {
  pattern: () => ({
    title: 'Root of {{account}} logged in',
    severity: 'high',
    when: `# A metric-filter pattern as CloudWatch has them.
pattern: '{ $.eventName = "ConsoleLogin" && $.userIdentity.type = "Root" }'`,
    answers: EACH_ANSWERS,
    tests: EACH_TESTS,
  }),
  condition: () => ({
    title: 'Root of {{account}} logged in',
    severity: 'high',
    when: `# CEL: \`event\` holds the components, \`record\` the record, \`score\` and \`bits\` the novelty.
condition: event.operation == "signin:ConsoleLogin" && event.kind == "root"`,
    answers: EACH_ANSWERS,
    tests: EACH_TESTS,
  }),
  alarm: () => ({
    title: 'Many denied calls in {{account}}',
    severity: 'medium',
    when: ALARM_WHEN,
    answers: ALARM_ANSWERS,
    tests: ALARM_TESTS,
  }),
  composite: (id) => ({
    title: 'Many denied calls, and not known to be harmless',
    severity: 'medium',
    when: `# Over the ids of alarms: ALARM(), OK(), INSUFFICIENT_DATA() with AND, OR, NOT.
composite: 'ALARM("${id}-denied")'`,
    answers: ALARM_ANSWERS,
    tests: ALARM_TESTS,
    more: `# The alarm that it asks for; silent, since the composite tells of it.
- id: ${id}-denied
  title: Many denied calls
  mode: silent
  when:
${indented(ALARM_WHEN, 4)}
  tests:
${indented(ALARM_TESTS, 4)}`,
  }),
  trap: () => ({
    title: 'The decoy Backup_Admin was touched by {{principal}}',
    severity: 'critical',
    when: `# One decoy: user, role, access_key, bucket, table, secret, parameter, queue or function.
trap:
  user: Backup_Admin`,
    answers: EACH_ANSWERS,
    tests: `- name: somebody logs in as the decoy
  events:
    - {eventSource: signin.amazonaws.com, eventName: ConsoleLogin, userIdentity: {type: IAMUser, accountId: '111111111111', userName: Backup_Admin}}
  expect: match
- name: somebody else logs in
  events:
    - ${USER_LOGIN}
  expect: none`,
  }),
  rate: () => ({
    title: 'Unusually many {{operation}} in {{account}}',
    severity: 'informational',
    when: `rate:
  measure: calls
  per: [account, region, operation]`,
    answers: 'dedup: 1h',
    tests: `- name: one call is no burst
  events:
    - {eventSource: ec2.amazonaws.com, eventName: DescribeInstances, userIdentity: {type: IAMUser, accountId: '111111111111', userName: alice}}
  expect: none`,
  }),
};

function indented(text: string, by: number): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `${' '.repeat(by)}${line}`))
    .join('\n');
}
