import fc from 'fast-check';
import {expect, test} from 'vitest';
import {testEvent} from './condition/event-for-tests.ts';
import type {Hit} from './evaluator.ts';
import type {DetectionEvent} from './event.ts';
import {compileTitle, MAX_TITLE, safeText} from './title.ts';

function hit(event: DetectionEvent | null, facts: Readonly<Record<string, string>> = {}): Hit {
  return {time: 0, event, group: [], facts, evidence: [], count: 3};
}

function titleOf(template: string, of: Hit, facts: readonly string[] = []): string {
  const compiled = compileTitle(template, facts);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
  return compiled.value(of);
}

const share = testEvent({
  principal: '111111111111:user/raul',
  resource: 'external:999988887777',
  score: 0.98999,
  record: {requestParameters: {snapshotId: 'snap-1', items: [{id: 7}]}},
});

test('puts in components, facts and texts of the record', () => {
  expect(
    titleOf(
      '{{principal}} shared {{ $.requestParameters.snapshotId }} with {{outside}}',
      hit(share),
    ),
  ).toBe('111111111111:user/raul shared snap-1 with 999988887777');
  expect(titleOf('{{$.requestParameters.items[0].id}}/{{$.none}}', hit(share))).toBe('7/-');
  expect(titleOf('{{count}} at {{score}}, {{time}}', hit(share))).toBe(
    '3 at 0.9899, 1970-01-01T00:00:00.000Z',
  );
  expect(
    titleOf('{{share}} of {{count}}', hit(share, {share: '90 %', count: '9'}), ['share']),
  ).toBe('90 % of 9');
});

test('says where a template is wrong', () => {
  const faultsOf = (template: string) => {
    const compiled = compileTitle(template);
    return compiled.ok
      ? []
      : compiled.faults.map(({index, message}) => [index, message.slice(0, 24)]);
  };
  expect(faultsOf('a {{principle}} b')).toEqual([[4, 'There is no "principle":']]);
  expect(faultsOf('a {{ toString }}')).toEqual([[5, 'There is no "toString": ']]);
  expect(faultsOf('{{account}} {{ $.a..b }} {{')).toEqual([
    [18, 'No key or index'],
    [25, '"{{" is never closed'],
  ]);
  expect(faultsOf('a\nb')).toEqual([[1, 'A title has one line']]);
  expect(faultsOf('x'.repeat(201))).toEqual([[200, 'Longer than 200 characte']]);
});

test('takes a value for data', () => {
  const event = testEvent({principal: '{{account}}\u202e\u0007\r\n  x\u200b\ud800'});
  expect(titleOf('{{principal}}!', hit(event))).toBe('{{account}} x!');
  expect(titleOf('{{principal}}', hit(null))).toBe('-');
  expect(safeText('a\t\u0000\t b')).toBe('a b');
});

test('is one short line, whatever the values are', () => {
  fc.assert(
    fc.property(fc.string({unit: 'binary', maxLength: 400}), (text) => {
      const event = testEvent({principal: text, record: {a: text}});
      const title = titleOf('{{principal}} {{principal}} {{$.a}} {{operation}}', hit(event));
      expect(title.length).toBeLessThanOrEqual(MAX_TITLE);
      expect(title).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      expect(title).not.toMatch(/[\ud800-\udfff]/u);
      expect(safeText(safeText(text))).toBe(safeText(text));
    }),
  );
});
