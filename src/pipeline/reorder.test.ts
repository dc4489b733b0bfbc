import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {EventBatch} from '../event/batch.ts';
import {ReorderBuffer} from './reorder.ts';

function batchOf(times: readonly number[], file = 0): EventBatch {
  const count = times.length;
  return {
    file,
    count,
    times: Float64Array.from(times),
    eventIds: new Int32Array(count * 4),
    eventIdTexts: [],
    columns: new Int32Array(0),
    keys: new Int32Array(count * 4),
    indexes: Int32Array.from(times, (_, i) => i),
    places: new Float64Array(count * 2),
    epoch: 0,
    firstNewString: 1,
    strings: [],
    rejects: [],
    drops: {},
  };
}

const batches = fc.array(fc.array(fc.nat(1000), {maxLength: 30}), {maxLength: 20});

test('gives out everything once and in order of time when the window holds it all', () => {
  fc.assert(
    fc.property(batches, (lists) => {
      const buffer = new ReorderBuffer(1_000_000);
      lists.forEach((times, i) => void buffer.add(batchOf(times, i)));
      const out: number[] = [];
      buffer.release(Number.POSITIVE_INFINITY, (batch, row) => {
        out.push(batch.times[row]!);
        return true;
      });
      expect(out).toEqual(lists.flat().sort((a, b) => a - b));
      expect(buffer.held).toBe(0);
    }),
  );
});

test('breaks ties by order of delivery, then by place in the file', () => {
  const buffer = new ReorderBuffer();
  buffer.add(batchOf([5, 5], 0));
  buffer.add(batchOf([5, 4], 1));
  const out: string[] = [];
  buffer.release(Number.POSITIVE_INFINITY, (batch, row) => {
    out.push(`${batch.file}:${row}`);
    return true;
  });
  expect(out).toEqual(['1:1', '0:0', '0:1', '1:0']);
});

test('keeps back what is after the bound, and gives it out in its place later', () => {
  fc.assert(
    fc.property(batches, fc.array(fc.nat(1000), {maxLength: 5}), (lists, bounds) => {
      const buffer = new ReorderBuffer(1_000_000);
      lists.forEach((times, i) => void buffer.add(batchOf(times, i)));
      const out: number[] = [];
      for (const bound of [...bounds.sort((a, b) => a - b), Number.POSITIVE_INFINITY]) {
        buffer.release(bound, (batch, row) => {
          expect(batch.times[row]!).toBeLessThanOrEqual(bound);
          out.push(batch.times[row]!);
          return true;
        });
      }
      expect(out).toEqual(lists.flat().sort((a, b) => a - b));
    }),
  );
});

test('lets the earliest go when the window is full, however early', () => {
  const buffer = new ReorderBuffer(2);
  buffer.add(batchOf([10, 20, 30, 40]));
  const out: number[] = [];
  const take = (batch: EventBatch, row: number) => {
    out.push(batch.times[row]!);
    return true;
  };
  buffer.release(0, take);
  expect(out).toEqual([10, 20]);
  expect(buffer.held).toBe(2);
});

test('stops when told to, and goes on from there', () => {
  fc.assert(
    fc.property(batches, fc.integer({min: 1, max: 7}), (lists, every) => {
      const buffer = new ReorderBuffer(1_000_000);
      lists.forEach((times, i) => void buffer.add(batchOf(times, i)));
      const out: number[] = [];
      let done = false;
      while (!done) {
        let taken = 0;
        done = buffer.release(Number.POSITIVE_INFINITY, (batch, row) => {
          out.push(batch.times[row]!);
          return ++taken < every;
        });
      }
      expect(out).toEqual(lists.flat().sort((a, b) => a - b));
    }),
  );
});
