import fc from 'fast-check';
import {expect, test} from 'vitest';
import {HOSTILE} from '../../test/contract/hostile.ts';
import {fromStored, toStored} from './stored-text.ts';

const anyText = fc.oneof(
  fc.string({unit: 'binary'}),
  fc.string({
    unit: fc.constantFrom('\u0000', '\u001a', '\ud800', '\udfff', '\ue000', '\ue800', 'a', '😀'),
  }),
  fc.constantFrom(...HOSTILE),
);

test('every text comes back, from one that any database takes', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const stored = toStored(text);
      expect(fromStored(stored)).toBe(text);
      expect(stored).not.toContain('\u0000');
      expect(Buffer.from(stored, 'utf8').toString('utf8')).toBe(stored);
    }),
    {numRuns: 2_000},
  );
});

test('usual texts stand for themselves', () => {
  for (const text of ['', 'ec2:RunInstances', 'München 😀', '%_'])
    expect(toStored(text)).toBe(text);
});
