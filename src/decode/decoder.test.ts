import {gzipSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {type Decoded, type DecodedOptions, decoded} from '../../test/decoded.ts';

function record(n: number, more: object = {}): Record<string, unknown> {
  return {
    eventVersion: '1.08',
    userIdentity: {type: 'IAMUser', userName: 'alice'},
    eventTime: `2025-01-01T00:00:${String(n).padStart(2, '0')}Z`,
    eventSource: 'ec2.amazonaws.com',
    eventName: `Name${n}`,
    requestParameters: {text: 'a "quoted" } ] \\', list: [1, {b: null}]},
    ...more,
  };
}

const json = JSON.stringify;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const base64gz = (text: string) => gzipSync(text).toString('base64');

/** Decodes in several ways, which must agree. */
function decode(file: string | Uint8Array, options: DecodedOptions = {}): Decoded {
  const whole = decoded(file, options);
  const size = typeof file === 'string' ? file.length : file.length;
  for (const how of [
    {understands: false},
    {chunk: size > 20_000 ? 997 : 1},
    {chunk: 64, understands: false},
    {capacity: 700, room: 1},
    {chunk: 4096, capacity: 1500, room: 2},
  ]) {
    expect(decoded(file, {...options, ...how})).toEqual(whole);
  }
  return whole;
}

/** One line about what was decoded: names, rejects, drops. */
function outcome(file: string | Uint8Array, options: DecodedOptions = {}): string {
  const {records, rejects, drops} = decode(file, options);
  const entries = [
    ...records.map((r) => [r.index, String(r.record.eventName).replace('Name', '')] as const),
    ...rejects.map((r) => [r.index < 0 ? 1e9 : r.index, r.reason] as const),
  ].sort((a, b) => a[0] - b[0]);
  return [
    ...entries.map((entry) => entry[1]),
    ...Object.entries(drops).map(([reason, count]) => `${count} ${reason}`),
  ].join(' ');
}

const r = [0, 1, 2, 3, 4].map((n) => json(record(n)));
const logs = (...messages: string[]) =>
  json({
    messageType: 'DATA_MESSAGE',
    logGroup: 'g',
    logEvents: messages.map((message, id) => ({id, timestamp: 1, message})),
  });
const control = json({
  messageType: 'CONTROL_MESSAGE',
  logEvents: [{id: '', timestamp: 1, message: 'CWL CONTROL MESSAGE: Checking health'}],
});
const digest = json({
  awsAccountId: '1',
  digestStartTime: '2025-10-21T00:00:00Z',
  logFiles: [{s3Object: 'x'}],
});
const notification = json({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  eventTime: '2025-01-01T00:00:00Z',
  eventName: 'ObjectCreated:Put',
  s3: {bucket: {name: 'b'}},
});

test.each([
  ['Records', `{"Records":[${r[0]},${r[1]}]}`, '0 1'],
  [
    'Records in pretty print',
    json({Records: [record(0), record(1)]}).replaceAll(',', ' ,\r\n\t'),
    '0 1',
  ],
  [
    'Records between other keys',
    `{"a":{"Records":[1]},"Records":[${r[0]},${r[1]}],"z":[{}]}`,
    '0 1',
  ],
  ['Records twice', `{"Records":[${r[0]}],"x":1,"Records":[${r[1]}]}`, '0 1'],
  ['empty Records', '{"Records": [ ]}', ''],
  ['a byte order mark', `\uFEFF{"Records":[${r[0]}]}`, '0'],
  ['files put together', `\uFEFF{"Records":[${r[0]}]}\n\uFEFF{"Records":[${r[1]}]}`, '0 1'],
  ['gzip', gzipSync(`{"Records":[${r[0]},${r[1]}]}`), '0 1'],
  [
    'members of gzip',
    Buffer.concat([gzipSync(`{"Records":[${r[0]},`), gzipSync(`${r[1]}]}`)]),
    '0 1',
  ],
  ['JSON lines', `${r[0]}\n${r[1]}\r\n\n${r[2]}`, '0 1 2'],
  ['objects put together', `${r[0]}${r[1]} ${r[2]}`, '0 1 2'],
  ['a bare array', `[${r[0]},\n${r[1]}]`, '0 1'],
  ['arrays within arrays', `[[${r[0]}],[${r[1]},[${r[2]}]]]`, '0 1 2'],
  ['arrays put together', `[${r[0]}]\n[${r[1]}]`, '0 1'],
  ['a list of lists', `[{"Records":[${r[0]}]},{"Records":[${r[1]},${r[2]}]}]`, '0 1 2'],
  ['nothing', '', ''],
  ['white space', ' \n\t ', ''],
  ['EventBridge', json({'detail-type': 'AWS API Call via CloudTrail', detail: record(0)}), '0'],
  [
    'LookupEvents',
    json({
      Events: [{EventName: 'x', CloudTrailEvent: r[0]}, {CloudTrailEvent: r[1]}],
      NextToken: 't',
    }),
    '0 1',
  ],
  [
    'lines of LookupEvents',
    `${json({Resources: [], CloudTrailEvent: r[0]})}\n${json({CloudTrailEvent: r[1]})}`,
    '0 1',
  ],
  ['CloudWatch Logs', logs(r[0]!, r[1]!), '0 1'],
  ['CloudWatch Logs, put together', logs(r[0]!) + control + logs(r[1]!), '0 1 1 control_message'],
  ['CloudWatch Logs for Lambda', json({awslogs: {data: base64gz(logs(r[0]!, r[1]!))}}), '0 1'],
  [
    'Kinesis',
    json({
      Records: [
        {
          eventSource: 'aws:kinesis',
          eventName: 'aws:kinesis:record',
          eventVersion: '1.0',
          kinesis: {data: base64(r[0]!)},
        },
        {kinesis: {data: base64gz(logs(r[1]!))}},
      ],
    }),
    '0 1',
  ],
  [
    'Firehose',
    json({
      requestId: 'x',
      timestamp: 1,
      records: [{data: base64(`${r[0]}\n${r[1]}\n`)}, {data: base64gz(control)}],
    }),
    '0 1 1 control_message',
  ],
  ['SNS', json({Type: 'Notification', MessageId: 'm', Message: json({Records: [record(0)]})}), '0'],
  [
    'SNS for Lambda',
    json({Records: [{EventSource: 'aws:sns', Sns: {Message: r[0]}}, {Sns: {Message: r[1]}}]}),
    '0 1',
  ],
  ['SQS', json({Records: [{messageId: 'm', eventSource: 'aws:sqs', body: r[0]}]}), '0'],
  [
    'SQS of SNS of EventBridge',
    json({Messages: [{Body: json({Message: json({detail: record(0)})})}]}),
    '0',
  ],
  [
    'an S3 notification',
    `{"Records":[${notification},${notification}]}`,
    'unknown_record_shape unknown_record_shape',
  ],
  [
    'an S3 notification by SQS',
    json({Records: [{body: `{"Records":[${notification}]}`}]}),
    'unknown_record_shape',
  ],
  [
    'OpenSearch',
    json({hits: {hits: [{_source: {aws: {cloudtrail: record(0)}}}, {_source: record(1)}]}}),
    '0 1',
  ],
  [
    'ECS',
    json({message: 'not json', event: {original: r[0]}, aws: {cloudtrail: {user_identity: {}}}}),
    '0',
  ],
  ['ECS with the record twice', json({message: r[0], aws: {cloudtrail: record(0)}}), '0'],
  [
    'a log line',
    `Nov 22 host app: ${r[0]}\nNov 22 host app: ${r[1]}`,
    'malformed_json 0 malformed_json 1',
  ],
  ['a digest', digest, '1 digest'],
  ['a digest between records', `${r[0]}\n${digest}\n${r[1]}`, '0 1 1 digest'],
  ['an object of something else', '{"a":{"b":1}}', 'unknown_record_shape'],
  ['something else among records', `[${r[0]},{"a":1},${r[1]}]`, '0 unknown_record_shape 1'],
  [
    'scalars among records',
    `[${r[0]},1,"x",null,${r[1]}]`,
    '0 unknown_record_shape unknown_record_shape unknown_record_shape 1',
  ],
])('decodes %s', (_, file, expected) => {
  expect(outcome(file as string | Uint8Array)).toBe(expected);
});

test.each([
  ['truncated Records', `{"Records":[${r[0]},${r[1]},${r[2]!.slice(0, 90)}`, '0 1 truncated'],
  ['Records cut between two', `{"Records":[${r[0]},`, '0 truncated'],
  ['Records that are not closed', `{"Records":[${r[0]}]`, '0 truncated'],
  ['a cut line', `${r[0]}\n${r[1]!.slice(0, 50)}`, '0 truncated'],
  ['stray closing brackets', `[${r[0]}}}},\n${r[1]}]]`, '0 malformed_json 1 malformed_json'],
  ['a list that ends too often', `{"Records":[${r[0]}]}}${r[1]}`, '0 malformed_json 1'],
  ['missing commas', `[${r[0]} ${r[1]}${r[2]}]`, '0 1 2'],
  ['commas too many', `[,${r[0]},,${r[1]},]`, '0 1'],
  ['a broken record', `[${r[0]},{"a":1 "b"},${r[1]}]`, '0 malformed_json 1'],
  ['a broken number', `[${r[0]},{"a":1.2.3},${r[1]}]`, '0 malformed_json 1'],
  [
    'a broken record around a whole one',
    `[{"a":${r[0]},"b":nan},${r[1]}]`,
    'malformed_json 0 malformed_json 1',
  ],
  ['a record after garbage', `%PDF-1.4 {} {"a":1} \x01\x02 ${r[0]}`, 'malformed_json 0'],
  ['raw new lines in a string', `{"a":"x\ny"}\n${r[0]}`, 'malformed_json 0'],
  ['a list after garbage', `garbage {"Records":[${r[0]},${r[1]}]}`, 'malformed_json 0 1'],
])('saves what is whole: %s', (_, file, expected) => {
  expect(outcome(file)).toBe(expected);
});

test('finds the record that follows one cut off anywhere', () => {
  const first = r[0]!;
  for (let cut = 1; cut < first.length; cut++) {
    for (const between of ['', '\n', ',']) {
      const {records, rejects} = decoded(
        `{"Records":[${first.slice(0, cut)}${between}${r[1]},${r[2]}]}`,
      );
      const names = records.map(({record: found}) => found.eventName);
      // Cut after "[", what follows is in good order a part of the list: no one can tell.
      if (/\[$/.test(first.slice(0, cut))) continue;
      expect(names, `${first.slice(0, cut)}|`).toEqual(['Name1', 'Name2']);
      expect(rejects[0]?.reason).toMatch(/malformed_json|truncated/);
      expect(rejects[0]?.offset).toBe(12);
    }
  }
});

test.each([
  ['text', 'hello world'],
  ['CSV', 'eventTime,eventName\n2025-01-01,"x"\n"a","b"\n'],
  ['a page', '<html><script>var a = {"b": 1}; f({"c": [1]})</script></html>'],
  ['binary', String.fromCharCode(...Array.from({length: 999}, (_, i) => (i * 7919) % 128))],
  ['Python', "{'eventVersion': '1.08', 'eventName': 'x'}\n".repeat(20)],
  ['numbers', '1\n2\n3\n'],
])('says once that %s is not JSON', (_, file) => {
  const {records, rejects} = decode(file);
  expect(records).toEqual([]);
  expect(rejects.map((reject) => reject.reason)).toEqual(['not_json']);
});

test('gives every record its place', () => {
  const inner = json({Message: r[3]});
  const file = `{"x":"é","Records":[${r[0]}, {"detail":${r[1]}},\n${r[2]},${inner},{"q":[${inner}]}]}`;
  const bytes = new TextEncoder().encode(file);
  const places = decode(file).records.map(({offset, length}) =>
    new TextDecoder().decode(bytes.subarray(offset, offset + length)),
  );
  expect(places).toEqual([r[0], r[1], r[2], inner, inner]);
});

test('gives every reject its place', () => {
  const bad = '{"a":1 "b":2}';
  const noTime = json({...record(0), eventTime: undefined});
  const file = `[${r[0]},${bad},${r[1]},{"detail":${noTime}}]`;
  const {rejects} = decode(file);
  expect(rejects.map((reject) => [reject.reason, reject.index])).toEqual([
    ['malformed_json', 1],
    ['missing_event_time', 3],
  ]);
  expect(file.slice(rejects[0]!.offset).startsWith(bad)).toBe(true);
  const {offset, length} = rejects[1]!;
  expect(file.slice(offset, offset + length)).toBe(noTime);
});

test('brings times to the canonical form', () => {
  const times = [
    '2025-03-26 17:22:33.000000000',
    '2025-03-26 17:22:33.25',
    '2022-02-08T09:23:37+11:00',
    1742990400,
  ];
  const {records} = decode(times.map((eventTime) => json(record(0, {eventTime}))).join('\n'));
  expect(records.map(({record: found}) => found.eventTime)).toEqual([
    '2025-03-26T17:22:33Z',
    '2025-03-26T17:22:33Z',
    '2022-02-07T22:23:37Z',
    '2025-03-26T12:00:00Z',
  ]);
  expect(records.map(({milliseconds}) => milliseconds)).toEqual([0, 250, 0, 0]);
});

test('takes the time of a Logstash record from @timestamp', () => {
  const {eventTime: _, ...rest} = record(0);
  const {records} = decode(json({...rest, '@timestamp': '2020-09-14T00:44:23.000Z'}));
  expect(records[0]?.record.eventTime).toBe('2020-09-14T00:44:23Z');
});

test.each([
  ['missing_event_time', undefined],
  ['missing_event_time', null],
  ['invalid_event_time', '2025-13-45T00:00:00Z'],
  ['invalid_event_time', '1970-01-01T00:00:00Z'],
  ['invalid_event_time', '...'],
])('rejects a record with %s: %s', (reason, eventTime) => {
  expect(outcome(`${json(record(0, {eventTime}))}\n${r[1]}`)).toBe(`${reason} 1`);
});

test('hands on Insight records under the name of what they are about', () => {
  const insight = {
    eventVersion: '1.07',
    eventTime: '2020-07-21T20:56:00Z',
    awsRegion: 'us-east-1',
    eventType: 'AwsCloudTrailInsight',
    insightDetails: {state: 'Start', eventSource: 'autoscaling.amazonaws.com', eventName: 'X'},
    eventCategory: 'Insight',
  };
  expect(decode(json({Records: [insight]})).records[0]?.record).toMatchObject({
    eventSource: 'autoscaling.amazonaws.com',
    eventName: 'X',
    eventType: 'AwsCloudTrailInsight',
    insightDetails: {state: 'Start'},
  });
});

test('is not harmed by odd contents', () => {
  const odd = [
    `{"eventName":"wrong",${r[0]!.slice(1)}`,
    json(record(1, {text: '\ud800 lone', nul: '\u0000'})),
    `{"__proto__":{"eventName":"polluted"},"constructor":{"prototype":1},${r[2]!.slice(1)}`,
    json(record(3, {large: 'x"}\\'.repeat(300_000)})),
    r[4]!.replace('alice', 'al\xffice'),
  ];
  const {records, rejects} = decoded(`{"Records":[${odd.join(',')}]}`, {chunk: 65536});
  expect(records.map(({record: found}) => found.eventName)).toEqual(
    [0, 1, 2, 3, 4].map((n) => `Name${n}`),
  );
  expect(rejects).toEqual([]);
  expect(({} as Record<string, unknown>).eventName).toBeUndefined();
  expect(outcome(`${r[0]}\n{"a":"\0"}\n${r[1]}\0\0\0`)).toBe('0 malformed_json 1 malformed_json');
});

test('takes wrappers within wrappers, up to the limit', () => {
  const wrap = (times: number): string =>
    times === 0 ? r[0]! : json({Message: times % 2 ? wrap(times - 1) : base64(wrap(times - 1))});
  // In base64 a wrapper must be under a key that carries it.
  expect(outcome(wrap(5))).toBe('0');
  expect(outcome(wrap(6))).toBe('nesting_too_deep');
});

test('says what is wrong within a wrapper', () => {
  expect(outcome(logs(r[0]!, '{"a":', 'START RequestId', r[1]!))).toBe(
    '0 truncated unknown_record_shape 1',
  );
  expect(outcome(json({Message: '{"a" 1}'}))).toBe('malformed_json');
  const gz = base64gz(r[0]!);
  expect(outcome(json({awslogs: {data: `${gz.slice(0, 60)}AAAA`}}))).toBe('gzip_damaged');
  const bomb = base64gz(' '.repeat(3 << 20));
  const limits = {expansionBytes: 1 << 20};
  expect(outcome(`${json({data: bomb})}\n${r[1]}`, {limits})).toBe('gzip_expansion 1');
});

test('skips a record that is too large in constant memory, and goes on', () => {
  const limits = {recordBytes: 2000};
  const large = json(record(1, {text: 'x'.repeat(3000)}));
  expect(outcome(`[${r[0]},${large},${r[2]}]`, {limits})).toBe('0 record_too_large 2');
  expect(outcome(`${r[0]}\n${large}\n${r[2]}`, {limits})).toBe('0 record_too_large 2');
  expect(outcome(`{"pad":"${'x'.repeat(3000)}","Records":[${r[0]},${r[1]}]}`, {limits})).toBe(
    '0 1',
  );
  expect(outcome(`[${r[0]},${large.slice(0, 3000)}`, {limits})).toBe('0 record_too_large');
});

test('rejects what is nested too deep, and goes on', () => {
  const deep = (n: number) => `{"a":${'['.repeat(n)}${']'.repeat(n)}}`;
  expect(outcome(`[${r[0]},${deep(300)},${r[1]}]`)).toBe('0 nesting_too_deep 1');
  expect(outcome(`[${r[0]},${deep(190)},${r[1]}]`)).toBe('0 unknown_record_shape 1');
});

test('keeps the records before the damage of a gzip file', () => {
  const many = Array.from({length: 50}, (_, n) => json(record(n, {id: Math.sin(n)})));
  const gz = gzipSync(`{"Records":[${many.join(',')}]}`);
  const {records, rejects} = decode(gz.subarray(0, gz.length - 200));
  expect(records.length).toBeGreaterThan(30);
  expect(records.length).toBeLessThan(50);
  expect(rejects.map((reject) => [reject.reason, reject.index])).toEqual([['gzip_damaged', -1]]);
  expect(outcome(Buffer.concat([gzipSync(r[0]!), Buffer.from('garbage')]))).toBe('0 gzip_damaged');
  expect(outcome(Buffer.concat([gzipSync(r[0]!), Buffer.alloc(600)]))).toBe('0');
});

test('refuses a gzip bomb', () => {
  const gz = gzipSync(Buffer.concat([Buffer.from(`${r[0]}\n`), Buffer.alloc(8 << 20, ' ')]));
  expect(outcome(gz, {limits: {expansionBytes: 1 << 20}})).toBe('0 gzip_expansion');
});

test.each(['{', '[', '{"a":', '[{', '{"a":[', '"', '{"', '}', '{"a":"', '\\', '{ ', '{"a":{},'])(
  'takes linear time for 8 MB of %s',
  (unit) => {
    const file = Buffer.alloc(8 << 20, unit);
    const start = performance.now();
    const {records, rejects} = decoded(file, {chunk: 1 << 18});
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(records).toEqual([]);
    expect(rejects.length).toBeLessThan(10);
  },
);
