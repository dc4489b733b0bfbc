import {expect, test} from 'vitest';
import {inlineConstants} from '../scripts/inline-constants.mjs';

function inlined(texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(inlineConstants(new Map(Object.entries(texts))));
}

test('a constant of another module becomes its value, whatever it is called here', () => {
  const {'b/b.js': text} = inlined({
    'a.js': 'const WORD = 4;\nexport const ROW = WORD * (2 + 1), LOW = -3;\n',
    'b/b.js': "import {ROW as R, LOW} from '../a.js';\nf(x[R], LOW - R);\n",
  });
  expect(text).toBe("import {ROW as R, LOW} from '../a.js';\nf(x[12], (-3) - 12);\n");
});

test('what is no constant number stays', () => {
  const texts = {
    'a.js':
      'export let N = 4;\nexport const T = "4", D = new Date(), F = Math.LOG2E;\nf(N, T, D, F);\n',
    'b.js': "import {N} from './a.js';\nimport {M} from 'elsewhere';\nf(N, M);\n",
  };
  expect(inlined(texts)).toEqual(texts);
});

test('names of properties stay, and a name declared twice stays everywhere', () => {
  const text = 'const A = 1;\nf(x.A, A);\nconst B = 2;\nfunction g(B) { return B; }\nf(B);\n';
  expect(inlined({'a.js': text})['a.js']).toBe(text.replace('x.A, A', 'x.A, 1'));
});

test('values are written so that they read back as they were', () => {
  const text = 'const HASH = 0x9e3779b1 | 0;\nconst YEAR = 2 ** 32 - 1;\nf(HASH, YEAR, 1 / 3);\n';
  expect(inlined({'a.js': text})['a.js']).toContain('f((-1640531535), 4294967295, 1 / 3);');
});
