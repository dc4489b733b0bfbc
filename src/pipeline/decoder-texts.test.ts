import fc from 'fast-check';
import {expect, test} from 'vitest';
import {DecoderTexts} from './trail.ts';

const COLUMNS = 4;
const step = fc.oneof(
  {weight: 20, arbitrary: fc.array(fc.nat(999), {minLength: COLUMNS, maxLength: COLUMNS})},
  {weight: 2, arbitrary: fc.record({grow: fc.nat(400)})},
  {weight: 1, arbitrary: fc.constant('forget' as const)},
);

// Plainly: each column has a map of its own from texts to the receiver's ids.
test('gives the ids that the receiver gave, and asks once for each text of a column', () => {
  fc.assert(
    fc.property(fc.array(step, {maxLength: 200}), (steps) => {
      const texts = new DecoderTexts();
      let plain = Array.from({length: COLUMNS}, () => new Map<string, number>());
      let given = 0;
      let asked = 0;
      const name = (column: number, text: string) => {
        asked++;
        const id = given++;
        expect(plain[column]?.has(text)).toBe(false);
        plain[column]?.set(text, id);
        return id;
      };
      const ids = new Int32Array(COLUMNS);
      for (const one of steps) {
        if (one === 'forget') {
          texts.forget(texts.generation + 1);
          plain = plain.map(() => new Map());
        } else if (Array.isArray(one)) {
          const row = Int32Array.from([-1, ...one.map((id) => id % texts.texts.length)]);
          texts.translate(row, 1, ids, name);
          for (let column = 0; column < COLUMNS; column++) {
            const text = texts.texts[row[column + 1]!]!;
            expect(ids[column]).toBe(plain[column]?.get(text));
          }
        } else {
          for (let i = 0; i < one.grow; i++) texts.texts.push(`text ${texts.texts.length}`);
        }
      }
      expect(asked).toBe(given);
    }),
  );
});
