import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {type Decoded, decoded} from '../../test/decoded.ts';
import {sharedData} from '../../test/shared-data.ts';

const data = sharedData();

/** Records, then drops and rejects by reason. */
const OUTCOMES: Record<string, string> = {
  'oddities.jsonl': '74, invalid_event_time 10, missing_event_time 1',
  'stratus/events.jsonl': '207',
  'traildiscover/events.jsonl': '315',
  'versions/events.jsonl': '206',
  'wrappers/bare_array.json': '1',
  'wrappers/cloudwatch_logs_subscription.json': '1',
  'wrappers/digest_otel.json': '0, digest 1',
  'wrappers/empty_records.json': '0',
  'wrappers/eventbridge_detail.json': '1',
  'wrappers/logstash_ndjson_at_timestamp.jsonl': '103',
  'wrappers/lookup_events_ndjson_stringified_CloudTrailEvent.jsonl': '6',
  'wrappers/malformed_concatenated_objects_stray_braces.json': '840, malformed_json 2',
  'wrappers/malformed_truncated_records.json': '0, truncated 1',
  'wrappers/malformed_umccr_bad1_01.json': '1',
  'wrappers/opensearch_aws.cloudtrail_nested.json': '50',
  'wrappers/records_wrapper.json': '2',
  'wrappers/records_wrapper.json.gz': '2',
};

function summary({records, rejects, drops}: Decoded): string {
  const reasons: Record<string, number> = {...drops};
  for (const {reason} of rejects) reasons[reason] = (reasons[reason] ?? 0) + 1;
  const counts = Object.entries(reasons).sort(([a], [b]) => (a < b ? -1 : 1));
  return [records.length, ...counts.map(([reason, count]) => `${reason} ${count}`)].join(', ');
}

test.skipIf(data === undefined)('decodes or rejects every real record as it should', () => {
  const wrappers = readdirSync(join(data!, 'wrappers')).map((name) => `wrappers/${name}`);
  const flat = [
    'oddities.jsonl',
    ...['stratus', 'traildiscover', 'versions'].map((name) => `${name}/events.jsonl`),
  ];
  const outcomes: Record<string, string> = {};
  for (const name of [...flat, ...wrappers]) {
    const bytes = readFileSync(join(data!, name));
    const whole = decoded(bytes);
    outcomes[name] = summary(whole);
    expect(decoded(bytes, {understands: false})).toEqual(whole);
    expect(decoded(bytes, {chunk: 1021, capacity: 200_000})).toEqual(whole);
  }
  expect(outcomes).toEqual(OUTCOMES);
});

test.skipIf(data === undefined)('decodes each oddity by itself as in its wrapper', () => {
  const lines = readFileSync(join(data!, 'oddities.jsonl'), 'utf8').trim().split('\n');
  expect(lines.length).toBeGreaterThan(80);
  for (const line of lines) {
    const bare = JSON.stringify((JSON.parse(line) as {event: unknown}).event);
    expect(summary(decoded(bare))).toBe(summary(decoded(line)));
    expect(decoded(bare).records.map(({record}) => record)).toEqual(
      decoded(line).records.map(({record}) => record),
    );
  }
});

test.skipIf(data === undefined)('decodes the files of a real account', () => {
  let count = 0;
  let files = 0;
  const options = {recursive: true, encoding: 'utf8'} as const;
  for (const name of readdirSync(join(data!, 'invictus/AWSLogs'), options)) {
    if (!/\.json(\.gz)?$/.test(name)) continue;
    const {records, rejects} = decoded(readFileSync(join(data!, 'invictus/AWSLogs', name)));
    expect(rejects).toEqual([]);
    count += records.length;
    files++;
  }
  expect([files, count]).toEqual([55, 2900]);
});
