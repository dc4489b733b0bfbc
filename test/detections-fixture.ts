import type {
  AlarmHistory,
  DetectionCheck,
  DetectionDetail,
  DetectionFile,
  DetectionInfo,
  DetectionTrial,
  Episode,
  EventNote,
  MatchRow,
  TrapInfo,
} from '../src/api/detection-types.ts';
import type {StoredObservation} from '../src/pipeline/store.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;

/** Everything the pages of detections ask for, as plain data that a test may change. */
export interface DetectionData {
  detections: DetectionDetail[];
  matches: MatchRow[];
  histories: Record<string, AlarmHistory>;
  traps: TrapInfo[];
  episodes: Episode[];
  files: DetectionFile[];
  trial: DetectionTrial;
}

export const NO_DETECTIONS: DetectionData = {
  detections: [],
  matches: [],
  histories: {},
  traps: [],
  episodes: [],
  files: [],
  trial: {
    from: 0,
    to: 0,
    events: 0,
    unread: 0,
    complete: true,
    matches: 0,
    days: [],
    samples: [],
  },
};

const SOURCE = `id: snapshot-shared-outside
title: '{{principal}} shared a snapshot with {{outside}}'
severity: critical
when:
  condition: 'event.operation == "ec2:ModifySnapshotAttribute" && size(event.outside) > 0'
group_by: [principal]
dedup: 1h
techniques: [T1537]
`;

export const FILE_TEXT = `# What this firm watches for by itself.
detections:
  - id: snapshot-shared-outside
    title: '{{principal}} shared a snapshot with {{outside}}'
    severity: critical
    mode: live
    when:
      condition: 'event.operation == "ec2:ModifySnapshotAttribute"'
    group_by: [principal]
    dedup: 1h
    techniques: [T1537]
    runbook:
      - Ask the owner of the volume whether the account is known
      - Take the permission back
    tests:
      - name: shares with a stranger
        events:
          - eventName: ModifySnapshotAttribute
        expect: match
`;

function detection(id: string, over: Partial<DetectionDetail>): DetectionDetail {
  return {
    id,
    kind: 'condition',
    title: id,
    description: '',
    severity: 'medium',
    mode: 'live',
    silentUntil: null,
    techniques: [],
    tactics: [],
    from: 'cis',
    lastMatch: null,
    days: [],
    excluded: 0,
    failed: null,
    alarm: null,
    expiringExclusions: 0,
    references: [],
    runbook: ['Look who did it, and whether it was announced', 'If not, call the person'],
    groupBy: ['account'],
    dedupMs: HOUR,
    exclusions: [],
    source: SOURCE.replace('snapshot-shared-outside', id),
    warnings: [],
    tests: 2,
    ...over,
  };
}

function noteOf(row: StoredObservation): EventNote {
  const {principal, operation, account, region, userAgent, error, resource} = row.dimensions;
  return {
    eventId: row.eventId,
    time: row.eventTime,
    principal,
    operation,
    account,
    region,
    sourceIp: '203.0.113.77',
    userAgent,
    error,
    resource,
    score: row.score,
  };
}

/** Detections of an invented firm, over the time of the observations; `rows` are raul's. */
export function detectionData(rows: readonly StoredObservation[], latest: number): DetectionData {
  const today = Math.floor(latest / DAY) * DAY;
  const top = [...rows].sort((a, b) => b.score - a.score).slice(0, 4);
  const evidence = top.map(noteOf).sort((a, b) => a.time - b.time);
  const first = evidence[0]!;
  const last = evidence.at(-1)!;
  const match = (id: number, over: Partial<MatchRow>): MatchRow => ({
    id,
    key: `snapshot-shared-outside/${first.principal}/${new Date(first.time).toISOString()}`,
    revision: 1,
    detection: 'snapshot-shared-outside',
    kind: 'condition',
    severity: 'critical',
    mode: 'live',
    title: 'raul shared a snapshot with account 999988887777',
    firstTime: first.time,
    lastTime: last.time,
    hits: 4,
    events: 4,
    group: [first.principal],
    principal: first.principal,
    account: first.account,
    region: first.region,
    operation: last.operation,
    score: Math.max(...evidence.map(({score}) => score)),
    facts: {outside: '999988887777', snapshot: 'snap-0a1b2c3d4e5f60718'},
    evidence,
    ...over,
  });
  const days = (pattern: readonly number[], silent = false) =>
    pattern
      .map((count, i) => ({
        day: today - (pattern.length - 1 - i) * DAY,
        live: silent ? 0 : count,
        silent: silent ? count : 0,
      }))
      .filter(({live, silent: quiet}) => live + quiet > 0);
  const alarmSince = latest - 5 * HOUR;
  const detections: DetectionDetail[] = [
    detection('snapshot-shared-outside', {
      title: '{{principal}} shared a snapshot with {{outside}}',
      description:
        'A snapshot that another account may read is a copy of a disk that leaves the firm without a byte on the network.',
      severity: 'critical',
      techniques: ['T1537', 'T1078.004'],
      tactics: ['exfiltration', 'initial-access'],
      from: 'own.yml',
      source: SOURCE,
      references: [
        'https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html',
        'javascript:alert(1)',
      ],
      runbook: [
        'Ask the owner of the volume whether the account is known to them; if not, take the permission back at once with modify-snapshot-attribute',
        'Look in Rates and Observations at what the principal did in the hour before',
        'Disable the access key of the principal',
      ],
      groupBy: ['principal'],
      days: days([0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 4]),
      excluded: 1_284,
      exclusions: [
        {
          id: 'backup-role',
          owner: 'storage-team',
          reason: 'The vault account gets a copy of every nightly snapshot',
          expires: Date.now() + 90 * DAY,
          expired: false,
          condition: 'event.principal == "111111111111:role/backup"',
          excluded: 1_280,
        },
        {
          id: 'migration',
          owner: 'platform',
          reason: 'Move to the new organisation',
          expires: Date.now() - 20 * DAY,
          expired: true,
          condition:
            'record.requestParameters.createVolumePermission.add.items[0].userId == "222222222222"',
          excluded: 4,
        },
        {
          id: 'auditors',
          owner: 'compliance',
          reason: 'Yearly audit',
          expires: Date.now() + 5 * DAY,
          expired: false,
          condition: 'params.auditors.exists(a, a == event.resource)',
          excluded: 0,
        },
      ],
      expiringExclusions: 2,
      warnings: [
        {
          file: 'own.yml',
          line: 7,
          column: 19,
          path: 'detections.0.when.condition',
          message:
            'The operation is compared without regard to ec2:ModifyImageAttribute, which shares as well',
        },
      ],
      tests: 6,
    }),
    detection('unauthorized-api-calls', {
      kind: 'alarm',
      title: 'Many calls were refused in account {{account}}',
      description:
        'CIS 4.1: calls refused for want of permission, by a metric filter and an alarm.',
      severity: 'high',
      techniques: ['T1580'],
      tactics: ['discovery'],
      days: days([0, 0, 0, 1, 0, 0, 0, 1]),
      alarm: {
        state: 'ALARM',
        since: alarmSince,
        reason:
          '3 out of the last 3 datapoints (14, 22, 19) were greater than or equal to the threshold (10)',
      },
    }),
    detection('root-used', {
      kind: 'pattern',
      title: 'Root of account {{account}} was used: {{operation}}',
      severity: 'high',
      techniques: ['T1078.004'],
      failed: {count: 3, message: 'No such key: sessionContext'},
      days: days([1, 0, 0, 0, 0, 0]),
    }),
    detection('mass-read-of-secrets', {
      title: '{{principal}} read {{distinct}} secrets within {{within}}',
      severity: 'high',
      mode: 'silent',
      silentUntil: latest + 10 * DAY,
      days: days([2, 0, 3, 3, 1, 0, 2, 5, 0, 1, 1, 0, 3], true),
      techniques: ['T1555.006'],
    }),
    detection('decoy-backup-admin', {
      kind: 'trap',
      title: 'Somebody touched the decoy user Backup_Admin: {{principal}}',
      severity: 'critical',
      techniques: ['T1078', 'T1087.004'],
    }),
    detection('refused-and-novel', {
      kind: 'composite',
      title: 'Refused calls while root was used',
      severity: 'critical',
      alarm: {state: 'OK', since: latest - 9 * DAY, reason: 'ALARM("root-used") is false'},
    }),
    detection('call-rate', {
      kind: 'rate',
      title: 'Unusual rate of {{operation}} in {{account}} {{region}}',
      severity: 'informational',
      mode: 'silent',
      days: days([0, 1, 0, 2, 0, 0, 1], true),
    }),
    detection('sigma.aws-cloudtrail-disable-logging', {
      kind: 'sigma',
      title: 'AWS CloudTrail Important Change',
      severity: 'medium',
      mode: 'off',
      techniques: ['T1562.008'],
      from: 'sigma.yml',
    }),
  ];
  const matches: MatchRow[] = [
    match(7, {}),
    match(6, {
      detection: 'unauthorized-api-calls',
      kind: 'alarm',
      severity: 'high',
      title: `Many calls were refused in account ${first.account}`,
      principal: '-',
      operation: '-',
      firstTime: alarmSince,
      lastTime: alarmSince,
      hits: 1,
      events: 55,
      evidence: evidence.slice(0, 2),
      facts: {statistic: 'Sum', value: '19', threshold: '10'},
      group: [],
    }),
    match(5, {
      detection: 'mass-read-of-secrets',
      mode: 'silent',
      severity: 'high',
      title: 'app-web read 14 secrets within 10m',
      principal: `${first.account}:role/app-web`,
      operation: 'secretsmanager:GetSecretValue',
      firstTime: latest - 2 * DAY,
      lastTime: latest - 2 * DAY + 9 * MINUTE,
      hits: 2,
      events: 28,
      score: 0.31,
      evidence: [],
      facts: {distinct: '14', within: '10m'},
    }),
    match(4, {
      detection: 'root-used',
      kind: 'pattern',
      severity: 'high',
      title: `Root of account ${first.account} was used: signin:ConsoleLogin`,
      principal: `${first.account}:root`,
      operation: 'signin:ConsoleLogin',
      firstTime: latest - 5 * DAY,
      lastTime: latest - 5 * DAY,
      hits: 1,
      events: 1,
      score: 0.971,
      facts: {},
    }),
  ];
  for (const each of detections) {
    const own = matches.find(({detection: of}) => of === each.id);
    if (own !== undefined) {
      each.lastMatch = {id: own.id, time: own.lastTime, title: own.title};
    }
  }
  return {
    detections,
    matches,
    histories: historiesOf(latest, alarmSince, evidence),
    traps: trapsOf(latest),
    episodes: episodesOf(latest, first.account),
    files: [
      {name: 'own.yml', text: FILE_TEXT, readOnly: false, revision: 'r1'},
      {name: 'cis', text: FILE_TEXT, readOnly: true, revision: 'p1'},
    ],
    trial: {
      from: latest - 30 * DAY,
      to: latest,
      events: 184_220,
      unread: 3,
      complete: true,
      matches: 12,
      days: days([1, 0, 0, 2, 0, 0, 0, 3, 0, 0, 6]).map(({day, live}) => ({day, matches: live})),
      samples: matches.slice(0, 3),
    },
  };
}

function historiesOf(
  latest: number,
  alarmSince: number,
  evidence: readonly EventNote[],
): Record<string, AlarmHistory> {
  const period = 5 * MINUTE;
  const last = Math.floor(latest / period) * period;
  const datapoints: AlarmHistory['datapoints'] = [];
  for (let i = 2 * 288; i > 0; i--) {
    const start = last - i * period;
    // A gap, as missing data make one.
    if (i > 330 && i < 370) continue;
    const hour = Math.floor(start / HOUR) % 24;
    const usual = hour > 7 && hour < 18 ? (i * 7) % 5 : (i * 3) % 2;
    const since = start - alarmSince;
    const value = since >= -3 * period ? 14 + ((i * 5) % 9) : usual;
    datapoints.push({start, value, samples: value});
  }
  return {
    'unauthorized-api-calls': {
      threshold: 10,
      comparison: 'GreaterThanOrEqualToThreshold',
      statistic: 'Sum',
      periodMs: period,
      datapoints,
      changes: [
        {
          detection: 'unauthorized-api-calls',
          time: latest - 30 * HOUR,
          from: 'OK',
          to: 'INSUFFICIENT_DATA',
          reason:
            'No datapoints were received for 3 periods and 3 missing datapoints were treated as missing',
          datapoints: [],
          events: [],
        },
        {
          detection: 'unauthorized-api-calls',
          time: latest - 27 * HOUR,
          from: 'INSUFFICIENT_DATA',
          to: 'OK',
          reason: '1 datapoint (2) was not greater than or equal to the threshold (10)',
          datapoints: [{start: latest - 27 * HOUR, value: 2}],
          events: [],
        },
        {
          detection: 'unauthorized-api-calls',
          time: alarmSince,
          from: 'OK',
          to: 'ALARM',
          reason:
            '3 out of the last 3 datapoints (14, 22, 19) were greater than or equal to the threshold (10)',
          datapoints: [14, 22, 19].map((value, i) => ({
            start: alarmSince - (3 - i) * period,
            value,
          })),
          events: [...evidence],
        },
      ],
    },
    'refused-and-novel': {
      threshold: null,
      comparison: '',
      statistic: '',
      periodMs: period,
      datapoints: [],
      changes: [
        {
          detection: 'refused-and-novel',
          time: latest - 9 * DAY,
          from: 'ALARM',
          to: 'OK',
          reason: 'ALARM("root-used") is false',
          datapoints: [],
          events: [],
        },
      ],
    },
  };
}

function trapsOf(latest: number): TrapInfo[] {
  return [
    {
      detection: 'decoy-backup-admin',
      mode: 'live',
      decoy: {kind: 'user', name: 'Backup_Admin', accounts: []},
      coverage: {
        logged: 'yes',
        why: 'Management events of IAM and sign-in are in every trail',
        needed: '',
      },
      allowed: [{who: '111111111111:role/inventory', owner: 'platform', reason: 'Lists all users'}],
      lastTouch: null,
      lastDrill: {at: latest - 3 * DAY, ok: true, detail: 'Matched after 0.4 s', by: 'eve'},
    },
    {
      detection: 'decoy-payroll-object',
      mode: 'live',
      decoy: {kind: 'bucket', name: 'acme-payroll-2026/export.csv', accounts: ['111111111111']},
      coverage: {
        logged: 'no',
        why: 'Reads of objects are data events, and no event of that kind was seen from this bucket',
        needed:
          '{"Name":"decoys","FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]},{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::acme-payroll-2026/"]}]}',
      },
      allowed: [],
      lastTouch: null,
      lastDrill: null,
    },
    {
      detection: 'decoy-key',
      mode: 'silent',
      decoy: {kind: 'access_key', name: 'AKIAIOSFODNN7EXAMPLE', accounts: ['111111111111']},
      coverage: {
        logged: 'unknown',
        why: 'Nothing was read from account 111111111111 so far',
        needed: '',
      },
      allowed: [],
      lastTouch: latest - 4 * HOUR,
      lastDrill: {at: latest - 40 * DAY, ok: false, detail: 'No match within 60 s', by: 'mallory'},
    },
  ];
}

function episodesOf(latest: number, account: string): Episode[] {
  const episode = (
    id: string,
    operation: string,
    hoursAgo: number,
    minutes: number | null,
    over: Partial<Episode> = {},
  ): Episode => {
    const start = latest - hoursAgo * HOUR;
    return {
      detection: 'call-rate',
      id,
      state: minutes === null ? 'start' : 'end',
      measure: 'calls',
      origin: 'measured',
      account,
      region: 'eu-west-1',
      operation,
      principal: '',
      errorCode: '',
      start,
      end: minutes === null ? null : start + minutes * MINUTE,
      baselineAverage: 0.42,
      episodeAverage: 18.5,
      baselineMinutes: 10_080,
      attributions: [
        {
          attribute: 'principal',
          episode: [{value: `${account}:role/ci-deploy`, average: 17.9}],
          baseline: [{value: `${account}:role/ci-deploy`, average: 0.4}],
        },
      ],
      ...over,
    };
  };
  return [
    episode('e1', 'ec2:RunInstances', 60, 95),
    episode('e2', 'iam:ListRoles', 44, 30, {measure: 'errors', errorCode: 'AccessDenied'}),
    episode('e3', 'ec2:RunInstances', 20, 40, {origin: 'insight'}),
    episode('e4', 's3:GetObject', 7, 260, {principal: `${account}:role/app-web`}),
    episode('e5', 'kms:Decrypt', 2, null),
  ];
}

/** What the fixture was asked to change. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

const infoOf = ({
  references: _references,
  runbook: _runbook,
  groupBy: _groupBy,
  dedupMs: _dedupMs,
  exclusions: _exclusions,
  source: _source,
  warnings: _warnings,
  tests: _tests,
  ...info
}: DetectionDetail): DetectionInfo => info;

/** Answers the routes of detections from plain data; undefined for any other. */
export async function answerDetections(
  data: DetectionData,
  request: Request,
  asked: Asked[],
): Promise<Response | undefined> {
  const {pathname, searchParams: query} = new URL(request.url);
  const path = pathname.startsWith('/api/v1/') ? pathname.slice('/api/v1/'.length) : undefined;
  if (path === undefined) return undefined;
  const [what = '', name = '', part = ''] = path.split('/').map(decodeURIComponent);
  if (!['detections', 'matches', 'alarms', 'traps', 'episodes'].includes(what)) return undefined;
  const changes = request.method !== 'GET';
  const sent = changes ? await request.text() : '';
  const body: unknown = sent === '' ? undefined : JSON.parse(sent);
  if (changes) asked.push({method: request.method, path, body});
  const from = Number(query.get('from') ?? 0);
  const to = Number(query.get('to') ?? Number.MAX_SAFE_INTEGER);
  const principal = query.get('principal');
  const found = <T>(value: T | undefined) =>
    value === undefined
      ? problem(404, 'not_found', 'There is no such thing')
      : Response.json(value);

  if (what === 'episodes') {
    const episodes = data.episodes.filter(
      (each) =>
        each.start < to &&
        (each.end ?? Number.MAX_SAFE_INTEGER) >= from &&
        (principal === null ||
          each.principal === principal ||
          each.attributions.some(({episode}) => episode.some(({value}) => value === principal))),
    );
    return Response.json({episodes});
  }
  if (what === 'matches') {
    if (name !== '') return found(data.matches.find(({id}) => String(id) === name));
    return Response.json(pageOf(matching(data.matches, query), query));
  }
  if (what === 'alarms') {
    if (part === 'state') return Response.json({ok: true});
    return found(stretchOf(data.histories[name], from, to));
  }
  if (what === 'traps') {
    if (part === 'drill') return Response.json({ok: true, detail: 'Matched after 0.3 s'});
    return Response.json({traps: data.traps});
  }
  if (name === '') return Response.json({detections: data.detections.map(infoOf)});
  if (name === 'check') return Response.json(checked((body as {text: string}).text));
  if (name === 'try') return Response.json(data.trial);
  if (name === 'files') {
    if (part === '') return Response.json({files: data.files});
    return written(data, part, body as {text: string; revision: string});
  }
  return found(data.detections.find(({id}) => id === name));
}

/** What came to pass from a time on and before another. */
function stretchOf(history: AlarmHistory | undefined, from: number, to: number) {
  if (history === undefined) return undefined;
  return {
    ...history,
    datapoints: history.datapoints.filter(({start}) => start >= from && start < to),
    changes: history.changes.filter(({time}) => time >= from && time < to),
  };
}

function matching(all: readonly MatchRow[], query: URLSearchParams): MatchRow[] {
  const severities = ['informational', 'low', 'medium', 'high', 'critical'];
  const lowest = severities.indexOf(query.get('minSeverity') ?? 'informational');
  const text = (query.get('text') ?? '').toLowerCase();
  const is = (name: 'detection' | 'mode' | 'principal', row: MatchRow) =>
    query.get(name) === null || query.get(name) === row[name];
  return all.filter(
    (row) =>
      is('detection', row) &&
      is('mode', row) &&
      is('principal', row) &&
      severities.indexOf(row.severity) >= lowest &&
      row.lastTime >= Number(query.get('from') ?? 0) &&
      row.firstTime < Number(query.get('to') ?? Number.MAX_SAFE_INTEGER) &&
      `${row.title} ${row.detection} ${row.principal}`.toLowerCase().includes(text),
  );
}

function pageOf(rows: readonly MatchRow[], query: URLSearchParams) {
  const limit = Number(query.get('limit') ?? 100);
  const start = Number(query.get('cursor') ?? 0);
  const end = start + limit;
  return {rows: rows.slice(start, end), next: end < rows.length ? String(end) : null};
}

/** Finds fault with the word "wrong", wherever it stands. */
export function checked(text: string): DetectionCheck {
  const lines = text.split('\n');
  const problems = lines.flatMap((line, i) => {
    const at = line.indexOf('wrong');
    const message = `"wrong" is no setting of a detection`;
    return at < 0 ? [] : [{file: 'own.yml', line: i + 1, column: at + 1, path: '', message}];
  });
  const line = lines.findIndex((each) => each.includes('- id:')) + 1;
  return {
    ok: problems.length === 0,
    problems,
    warnings: text.includes('runbook')
      ? []
      : [{file: 'own.yml', line: 1, column: 1, path: '', message: 'It has no runbook'}],
    detections:
      problems.length > 0 || line === 0
        ? []
        : [
            {
              id: /- id: (\S+)/.exec(text)?.[1] ?? '',
              kind: 'condition',
              severity: 'critical',
              mode: 'live',
              line,
            },
          ],
    tests:
      problems.length > 0 || line === 0
        ? []
        : [
            {
              detection: /- id: (\S+)/.exec(text)?.[1] ?? '',
              name: 'shares with a stranger',
              ok: !text.includes('expect: 5'),
              detail: text.includes('expect: 5') ? 'Expected 5 matches, got 1' : '',
              line: Math.max(1, lines.findIndex((each) => each.includes('- name:')) + 1),
            },
          ],
  };
}

function written(data: DetectionData, name: string, body: {text: string; revision: string}) {
  const at = data.files.findIndex((file) => file.name === name);
  const old = data.files[at];
  if ((old?.revision ?? '') !== body.revision) {
    return problem(409, 'conflict', 'The file was changed by somebody else');
  }
  const {ok, problems} = checked(body.text);
  if (!ok) return problem(422, 'unprocessable', 'The file is at fault', problems);
  const file = {name, text: body.text, readOnly: false, revision: `r${Date.now()}`};
  if (at < 0) data.files.push(file);
  else data.files[at] = file;
  return Response.json(file);
}

function problem(status: number, code: string, detail: string, problems?: unknown): Response {
  return Response.json(
    {type: '', title: detail, status, detail, code, ...(problems ? {problems} : {})},
    {status, headers: {'content-type': 'application/problem+json'}},
  );
}

/** Adds the event that tells of new matches to a live stream. */
export function withNews(response: Response, tellers: Set<() => void>): Response {
  const encoder = new TextEncoder();
  let tell: (() => void) | undefined;
  const body = response.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start(controller) {
        tell = () => controller.enqueue(encoder.encode('event: detections\ndata: {}\n\n'));
        tellers.add(tell);
      },
      flush() {
        if (tell !== undefined) tellers.delete(tell);
      },
    }),
  );
  return new Response(body ?? null, response);
}
