import {expect, test} from 'vitest';
import {compileFilter} from './filter.ts';
import {lintPattern} from './lint.ts';
import {parsePattern} from './parse.ts';

function lint(text: string): string[] {
  const parsed = parsePattern(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return lintPattern(parsed.pattern, text).map(
    ({code, span}) => `${code}: ${text.slice(span.start, span.end)}`,
  );
}

test.each([
  ['{ $.eventName = "ConsoleLogin" }', []],
  ['{ $.eventType != "AwsServiceEvent" }', []],
  ['{ $.userAgent != "x" }', ['optional-field: $.userAgent != "x"']],
  ['{ $.a[*].b != "x" }', ['optional-field: $.a[*].b != "x"']],
  ['{ $.userIdentity.invokedBy NOT EXISTS }', []],
  ['{ $.a = b || $.c = d && $.e = f }', ['precedence: $.c = d && $.e = f']],
  ['{ $.a = b || ($.c = d && $.e = f) }', []],
  ['{ ($.a = b || $.c = d) && $.e = f }', []],
  ['{ $.eventSource = kms.amazonaws.com }', ['quotes: kms.amazonaws.com']],
  ['{ $.errorMessage = Failed authentication }', ['quotes: Failed authentication']],
  ['{ $.errorCode = *Unauthorized* }', []],
  ['{ $.a = "x*y" }', ['inner-wildcard: "x*y"']],
  ['{ $.a = true }', ['json-value: true']],
  ['{ $.a = "true" }', []],
  ['{ $.userIdentity != x }', ['object: $.userIdentity']],
  [
    '{ $.userIdentity.sessionContext.attributes.mfaAuthenticated IS FALSE }',
    ['text-flag: $.userIdentity.sessionContext.attributes.mfaAuthenticated IS FALSE'],
  ],
  ['{ $.a.*.b.* = x }', ['wildcard-selector: $.a.*.b.*']],
  [
    '{ $.a.* = x && $.b.* = x && $.c.* = x && $.d.* = x && $.e.* = x }',
    ['wildcard-selector: $.d.*'],
  ],
  ['{ $.a = %x% && $.b = %y% && $.c = %z% }', ['regex: %z%']],
  ['{ $.a = %(x|y)% }', ['regex: %(x|y)%']],
  ['{ $.a = %x!y% }', ['regex: %x!y%']],
  ['{ $.a = %\\bx\\.\\d% }', ['regex: %\\bx\\.\\d%']],
  [
    '{ ($.errorCode = "A*") || ($.sourceIPAddress!="b") || ($.eventName!="c") }',
    ['always: $.sourceIPAddress!="b") || ($.eventName!="c"'],
  ],
  ['{ ($.eventName != a || $.eventSource != b) && $.eventType = c }', []],
  ['{ $.eventName != a || $.eventName != b }', ['always: $.eventName != a || $.eventName != b']],
  ['{ $.eventName = a || $.eventName != a }', ['always: $.eventName != a']],
  ['{ $.eventName = a && $.eventName = b }', ['never: $.eventName = b']],
  ['ERROR ?WARN', ['not-json: ERROR ?WARN', 'ignored-term: ?WARN']],
  ['a.b', ['not-json: a.b', 'quotes: a.b']],
  ['', []],
  ['[a, b]', ['not-json: [a, b]']],
])('warns of what a pattern will not do: %s', (pattern, expected) => {
  expect(lint(pattern).sort()).toEqual([...expected].sort());
});

test('warns beyond the length that CloudWatch takes', () => {
  const text = `{ ${Array.from({length: 100}, (_, i) => `$.field${i} = x`).join(' && ')} }`;
  expect(lint(text).map((line) => line.split(':')[0])).toEqual(['length']);
});

test('says what a pattern will not do in a sentence', () => {
  const text = '{ $.userAgent != "AWS Internal" }';
  const parsed = parsePattern(text);
  const [warning] = parsed.ok ? lintPattern(parsed.pattern, text) : [];
  expect(warning?.message).toMatchInlineSnapshot(
    `"Does not match events without $.userAgent, a field that events may lack: to let those through, write ($.userAgent NOT EXISTS || $.userAgent != "AWS Internal")"`,
  );
});

test('an optional field whose absence is asked for is not warned of', () => {
  const codesOf = (text: string) => {
    const compiled = compileFilter(text);
    return compiled.ok ? compiled.filter.warnings.map(({code}) => code) : ['refused'];
  };
  const asked = '{ $.userAgent NOT EXISTS || $.userAgent != "AWS Internal" }';
  expect(codesOf('{ $.userAgent != "AWS Internal" }')).toContain('optional-field');
  expect(codesOf(asked)).not.toContain('optional-field');
});
