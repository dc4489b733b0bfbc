import {expect, test} from 'vitest';
import {EVENT_FIELDS} from '../event/fields.ts';
import {readContexts, readShippedContexts} from './context-file.ts';
import {fieldsOf, parseContexts} from './contexts.ts';

const HEAD =
  'stream: {type: cloudtrail}\ncontexts:\n  - name: one\n    entity: principal\n    facets:\n';

/** Problems as "line:column path message". */
function problems(text: string): string[] {
  const parsed = parseContexts('c.yml', text);
  return parsed.ok
    ? []
    : parsed.problems.map(
        ({line, column, path, message}) => `${line}:${column} ${path} ${message}`,
      );
}

test('the shipped contexts are sound and name only fields that there are', async () => {
  const {stream, contexts} = readShippedContexts();
  expect(stream).toMatchObject({type: 'cloudtrail', timeZone: 'UTC'});
  expect(contexts.length).toBeGreaterThan(0);
  for (const field of fieldsOf(contexts)) expect(EVENT_FIELDS).toContain(field);
  expect(await readContexts()).toEqual({stream, contexts});
});

test('fills in what is not said', () => {
  const text = `${HEAD}      - {name: op, of: operation, given: [principal, [peer, service], everyone]}\n`;
  const parsed = parseContexts('c.yml', text);
  expect(parsed.ok && parsed.value.contexts[0]?.facets).toEqual([
    {
      name: 'op',
      of: 'operation',
      given: [['principal'], ['peer', 'service'], []],
      weight: 1,
      evidence: true,
    },
  ]);
});

test('tells every contradiction with its place', () => {
  const text =
    `time_zone: Mars/Olympus\n${HEAD}` +
    '      - {name: op, of: operatoin, given: [principal]}\n' +
    '      - {name: op, of: operation, given: [nobody]}\n' +
    '  - name: one\n    entity: whom\n    facets:\n' +
    '      - {name: op, of: operation, given: [principal]}\n';
  expect(problems(text).map((each) => each.split('; ')[0])).toEqual([
    '1:12 time_zone Not a time zone',
    '7:24 contexts.0.facets.0.of No such field',
    '8:16 contexts.0.facets.1.name Used twice',
    '8:43 contexts.0.facets.1.given.0 No such field: "nobody"',
    '9:11 contexts.1.name Used twice',
    '10:13 contexts.1.entity No such field: "whom"',
  ]);
});

test('a path into CloudTrail takes no element of an array but the first', () => {
  const withPath = (path: string) =>
    HEAD.replace('cloudtrail}', `cloudtrail, fields: {arn: {path: ${path}}}}`) +
    '      - {name: arn, of: arn, given: [principal]}\n';
  expect(problems(withPath('"resources.[].ARN"'))).toEqual([]);
  expect(problems(withPath('resources.0.ARN'))).toEqual([
    '1:49 stream.fields.arn.path Of an array in CloudTrail only the first element can be taken, as "[]"',
  ]);
});

test('a stream of JSON must say where things are, and have one clock at most', () => {
  const text =
    'stream:\n  type: json\n  time: {path: t}\n  fields:\n    who: {as: text}\n' +
    'contexts:\n  - {name: a, entity: who, facets: [{name: f, of: who, given: [who]}]}\n';
  expect(problems(text)).toEqual([
    '5:10 stream.fields.who A path is wanted, unless the field is the hour of the event',
  ]);
  const clocks = text.replace(
    '{as: text}',
    '{path: w, pattern: "("}\n    h: {as: hour}\n    i: {as: hour}',
  );
  expect(problems(clocks)).toEqual([
    '5:29 stream.fields.who.pattern Not a regular expression',
    '7:13 stream.fields.i.as One field can be the hour',
  ]);
  expect(problems('')).toHaveLength(1);
  expect(problems('stream: {type: kafka}\ncontexts: []\n').length).toBeGreaterThan(0);
});
