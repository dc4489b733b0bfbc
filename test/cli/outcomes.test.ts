import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {sharedData} from '../shared-data.ts';
import {linesOf, run, scratch} from './harness.ts';

const data = sharedData();
const folder = scratch();

/** What comes of a file: exit code, events, and what was set aside or left out. */
async function outcomeOf(name: string): Promise<string> {
  const rejects = join(folder, `${name.replaceAll('/', '_')}.rejects`);
  const path = join(data ?? '', name);
  const {code, stdout, stderr} = await run([
    ...['score', path, '--format', 'jsonl', '--rejects', rejects, '--workers', '0'],
  ]);
  const aside = new Map<string, number>();
  for (const line of readFileSync(rejects, 'utf8').split('\n')) {
    if (line === '') continue;
    const told = JSON.parse(line) as {file: string; reason: string; offset: number; length: number};
    expect(Object.keys(told)).toEqual(['file', 'index', 'offset', 'length', 'reason']);
    expect(told.file).toBe(path);
    expect(told.offset).toBeGreaterThanOrEqual(0);
    aside.set(told.reason, (aside.get(told.reason) ?? 0) + 1);
  }
  const left = /^left out: (.*)$/m.exec(stderr)?.[1] ?? '';
  const set = [...aside].map(([reason, count]) => `${count} ${reason}`).join(', ');
  return `${name}: ${code}, ${linesOf(stdout).length} events; aside: ${set || '-'}; left out: ${left || '-'}`;
}

test.skipIf(data === undefined)('every kind of file comes to its known end', async () => {
  const names = [
    'wrappers/bare_array.json',
    'wrappers/cloudwatch_logs_subscription.json',
    'wrappers/digest_otel.json',
    'wrappers/empty_records.json',
    'wrappers/eventbridge_detail.json',
    'wrappers/logstash_ndjson_at_timestamp.jsonl',
    'wrappers/lookup_events_ndjson_stringified_CloudTrailEvent.jsonl',
    'wrappers/malformed_concatenated_objects_stray_braces.json',
    'wrappers/malformed_truncated_records.json',
    'wrappers/malformed_umccr_bad1_01.json',
    'wrappers/opensearch_aws.cloudtrail_nested.json',
    'wrappers/records_wrapper.json',
    'wrappers/records_wrapper.json.gz',
    'versions/events.jsonl',
    'oddities.jsonl',
  ];
  const outcomes: string[] = [];
  for (let i = 0; i < names.length; i += 3) {
    outcomes.push(...(await Promise.all(names.slice(i, i + 3).map(outcomeOf))));
  }
  expect(outcomes.join('\n')).toMatchInlineSnapshot(`
    "wrappers/bare_array.json: 0, 1 events; aside: -; left out: -
    wrappers/cloudwatch_logs_subscription.json: 0, 1 events; aside: -; left out: -
    wrappers/digest_otel.json: 0, 0 events; aside: -; left out: 1 digest
    wrappers/empty_records.json: 0, 0 events; aside: -; left out: -
    wrappers/eventbridge_detail.json: 0, 1 events; aside: -; left out: -
    wrappers/logstash_ndjson_at_timestamp.jsonl: 0, 103 events; aside: -; left out: -
    wrappers/lookup_events_ndjson_stringified_CloudTrailEvent.jsonl: 0, 6 events; aside: -; left out: -
    wrappers/malformed_concatenated_objects_stray_braces.json: 0, 840 events; aside: 2 malformed_json; left out: -
    wrappers/malformed_truncated_records.json: 0, 0 events; aside: 1 truncated; left out: -
    wrappers/malformed_umccr_bad1_01.json: 0, 1 events; aside: -; left out: -
    wrappers/opensearch_aws.cloudtrail_nested.json: 0, 50 events; aside: -; left out: -
    wrappers/records_wrapper.json: 0, 2 events; aside: -; left out: -
    wrappers/records_wrapper.json.gz: 0, 2 events; aside: -; left out: -
    versions/events.jsonl: 0, 204 events; aside: -; left out: 2 duplicate
    oddities.jsonl: 0, 64 events; aside: 1 missing_event_time, 10 invalid_event_time; left out: 10 duplicate"
  `);
});
