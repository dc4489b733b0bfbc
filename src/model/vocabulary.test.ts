import fc from 'fast-check';
import {expect, test} from 'vitest';
import {Vocabulary} from './vocabulary.ts';

test('gives dense ids, the same for the same text', () => {
  const vocabulary = new Vocabulary();
  expect(['a', 'b', 'a', '', '__proto__'].map((text) => vocabulary.id(text))).toEqual([
    0, 1, 0, 2, 3,
  ]);
  expect(vocabulary.text(3)).toBe('__proto__');
  expect(vocabulary.find('c')).toBeUndefined();
});

test('gives swept ids again, the lowest first, and so does one restored', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), fc.uniqueArray(fc.string()), (past, next) => {
      const vocabulary = new Vocabulary();
      for (const text of past) vocabulary.id(text);
      vocabulary.sweep(Uint8Array.from(past, (_, id) => id % 2));
      const restored = Vocabulary.restore(JSON.parse(JSON.stringify(vocabulary.state())));
      for (const text of next) {
        const id = vocabulary.id(text);
        expect(restored.id(text)).toBe(id);
        expect(vocabulary.text(id)).toBe(text);
      }
      expect(restored.state()).toEqual(vocabulary.state());
    }),
  );
});
