import fc from 'fast-check';
import {expect, test} from 'vitest';
import {Credits} from './credits.ts';

test('does as maps in order of insertion do', () => {
  const step = fc.record({
    what: fc.constantFrom('set', 'set', 'set', 'set', 'oldest', 'all', 'until'),
    entity: fc.nat(5),
    facet: fc.nat(40),
    value: fc.nat(12),
    time: fc.nat(100),
  });
  fc.assert(
    fc.property(fc.array(step, {maxLength: 300}), (steps) => {
      const credits = new Credits();
      const expected = new Map<number, Map<string, [number, number, number, number]>>();
      for (const [i, {what, entity, facet, value, time}] of steps.entries()) {
        const own = expected.get(entity) ?? new Map<string, [number, number, number, number]>();
        expected.set(entity, own);
        const key = `${facet}/${value}`;
        if (what === 'set') {
          credits.set(entity, facet, value, time, i);
          own.delete(key);
          own.set(key, [facet, value, time, i]);
        } else if (what === 'oldest' && own.size > 0) {
          credits.removeOldest(entity);
          own.delete(own.keys().next().value as string);
        } else if (what === 'all') {
          credits.removeAll(entity);
          own.clear();
        } else if (what === 'until') {
          credits.removeUntil(time);
          for (const each of expected.values()) {
            for (const [k, [, , at]] of each) if (at <= time) each.delete(k);
          }
        }
        const found = credits.find(entity, facet, value);
        expect(found !== 0).toBe(own.has(key));
        expect(credits.count(entity)).toBe(own.size);
      }
      const listed: number[][] = [];
      credits.each((...credit) => listed.push(credit));
      const wanted = [...expected]
        .sort(([a], [b]) => a - b)
        .flatMap(([entity, own]) => [...own.values()].map((credit) => [entity, ...credit]));
      expect(listed).toEqual(wanted);
    }),
  );
});
