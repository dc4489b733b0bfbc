import {expect, test} from 'vitest';
import {parseTruth} from './truth.ts';

test('reads campaigns, ignored events and further keys', () => {
  const parsed = parseTruth(
    't.jsonl',
    [
      '\uFEFF{"eventId":"a","campaign":"c1","scenario":"canary","note":1}',
      '',
      '{"eventId":"b","ignore":true}\r',
      '{"eventId":"d","campaign":"c1","scenario":"canary","ignore":true}',
      '{"eventId":"a","campaign":"c1","scenario":"canary"}',
      '',
    ].join('\n'),
  );
  expect(parsed).toEqual({
    ok: true,
    value: new Map([
      ['a', {campaign: 'c1', scenario: 'canary'}],
      ['b', {ignore: true}],
      ['d', {ignore: true}],
    ]),
  });
});

test('takes an empty file for an empty truth', () => {
  expect(parseTruth('t.jsonl', '')).toEqual({ok: true, value: new Map()});
});

test('reports every bad line with its place', () => {
  const parsed = parseTruth(
    't.jsonl',
    [
      '{"eventId":"a","campaign":"c1","scenario":"s"}',
      '{"eventId": }',
      '  [1]',
      '{"eventId":7,"campaign":"","scenario":"s"}',
      '{"eventId":"d","ignore":"yes"}',
      '{"eventId":"a","campaign":"c2","scenario":"s"}',
      '{"eventId":"f"}',
    ].join('\n'),
  );
  const lines = parsed.ok ? [] : parsed.problems;
  expect(
    lines.map((p) => `${p.file}:${p.line}:${p.column} ${p.path} ${p.message}`),
  ).toMatchInlineSnapshot(`
      [
        "t.jsonl:2:1  Line is not valid JSON",
        "t.jsonl:3:3  Line is not a JSON object",
        "t.jsonl:4:2 eventId "eventId" is 7, wanted a text that is not empty",
        "t.jsonl:4:14 campaign "campaign" is "", wanted a text that is not empty",
        "t.jsonl:5:16 ignore "ignore" is "yes", wanted true or false",
        "t.jsonl:6:2 eventId Event "a" is given differently on line 1",
        "t.jsonl:7:1 campaign "campaign" is missing, wanted a text that is not empty",
        "t.jsonl:7:1 scenario "scenario" is missing, wanted a text that is not empty",
      ]
    `);
});
