import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {assignSlots, COLOURS} from './palette.ts';

const peaks = fc
  .array(fc.double({min: 0, max: 1, noNaN: true}), {maxLength: 40})
  .map((scores) => Float64Array.from(scores));

test('gives the highest groups a colour of their own, and never two the same', () => {
  fc.assert(
    fc.property(peaks, peaks, (first, second) => {
      const before = assignSlots(first, new Int8Array(0));
      const slots = assignSlots(second, before);
      const given = [...slots].filter((slot) => slot >= 0);
      expect(new Set(given).size).toBe(given.length);
      expect(given.length).toBe(Math.min(COLOURS, second.filter((peak) => peak > 0).length));
      const lowest = Math.min(...[...second].filter((_, group) => slots[group]! >= 0));
      for (const [group, peak] of second.entries()) {
        if (slots[group]! < 0) expect(peak === 0 || peak <= lowest).toBe(true);
      }
    }),
  );
});

test('a group that stays keeps its colour', () => {
  fc.assert(
    fc.property(peaks, peaks, (first, second) => {
      const before = assignSlots(first, new Int8Array(0));
      const after = assignSlots(second, before);
      for (const [group, slot] of after.entries()) {
        const had = before[group] ?? -1;
        if (slot >= 0 && had >= 0) expect(slot).toBe(had);
      }
    }),
  );
});

test('the dark theme is the same whether the system asks for it or the reader', () => {
  // Plain CSS has no way to say it once.
  const sheet = readFileSync(join(import.meta.dirname, 'style.css'), 'utf8');
  const of = (selector: string) => {
    const at = sheet.indexOf(selector);
    const block = sheet.slice(sheet.indexOf('{', at) + 1, sheet.indexOf('}', at));
    return block.split('\n').flatMap((line) => line.trim() || []);
  };
  const asked = of(':root[data-theme="dark"]');
  expect(asked.length).toBeGreaterThan(20);
  expect(of(':root:not([data-theme="light"])')).toEqual(asked);
});
