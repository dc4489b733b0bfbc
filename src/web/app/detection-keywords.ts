/** Settings of a file of detections, for the editor to offer, with what they are. */
export const KEYWORDS: readonly (readonly [name: string, what: string])[] = [
  ['detections', 'The list of detections of the file'],
  ['id', 'Lower-case letters, digits, "-" and "."; unique over all files'],
  ['title', 'One line; {{principal}} and other names are filled in'],
  ['description', 'What it watches for, and why'],
  ['severity', 'informational, low, medium, high or critical'],
  ['mode', 'live, silent or off'],
  ['silent_until', 'Live from this date on'],
  ['when', 'Exactly one of: pattern, alarm, composite, trap, rate, condition'],
  ['pattern', 'A filter pattern of CloudWatch Logs'],
  ['alarm', 'A metric of patterns, compared with a threshold'],
  ['composite', 'States of alarms, joined by AND, OR and NOT'],
  ['trap', 'A decoy that nobody has reason to touch'],
  ['rate', 'Calls or errors, compared with what is usual'],
  ['condition', 'An expression (CEL) over the event, its record and its score'],
  ['count', 'So many matches within a time'],
  ['distinct', 'So many different values within a time'],
  ['first_seen', 'Values not seen for a time'],
  ['share', 'What part of events fulfils a condition'],
  ['sequence', 'Conditions that are fulfilled one after the other'],
  ['within', 'A time, such as 10m'],
  ['at_least', 'The lowest number that counts'],
  ['group_by', 'What is counted and told apart'],
  ['dedup', 'Hits within this time are one match'],
  ['techniques', 'ATT&CK ids, such as T1537'],
  ['tactics', 'ATT&CK tactics, such as exfiltration'],
  ['references', 'Addresses to read more at'],
  ['runbook', 'What to do, step by step'],
  ['parameters', 'Values that the configuration may set; params.NAME in conditions'],
  ['exclusions', 'What is left out: condition, owner, reason, expires'],
  ['owner', 'Who answers for it'],
  ['reason', 'Why'],
  ['expires', 'The date from which it leaves out nothing'],
  ['tests', 'Events, and what is expected of them'],
  ['name', 'Of a test'],
  ['events', 'Records, as much of them as matters'],
  ['expect', 'match, none or a number of matches'],
  ['statistic', 'Sum, SampleCount, Average, Minimum, Maximum or a percentile'],
  ['period', 'The length of a period, such as 5m'],
  ['threshold', 'What a datapoint is compared with'],
  ['comparison', 'How a datapoint is compared with the threshold'],
  ['missing_data', 'How periods without data count'],
];

/** What a new file begins with. */
export const TEMPLATE = `detections:
  - id: my-detection
    title: '{{principal}} called {{operation}}'
    description: What it watches for, and why
    severity: medium
    # Keeps what it would tell and tells nobody; change to "live" once it proved right.
    mode: silent
    when:
      condition: 'event.operation == "ec2:ModifySnapshotAttribute" && score > 0.9'
    group_by: [principal]
    dedup: 1h
    techniques: [T1537]
    runbook:
      - Ask the principal whether it was them
    tests:
      - name: is met by what it is for
        events:
          - record:
              eventSource: ec2.amazonaws.com
              eventName: ModifySnapshotAttribute
            score: 0.99
        expect: match
      - name: is not met by something else
        events:
          - record:
              eventSource: ec2.amazonaws.com
              eventName: DescribeSnapshots
            score: 0.99
        expect: none
`;
