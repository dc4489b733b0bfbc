import {expect, test} from 'vitest';
import type {Deriver} from '../event/deriver.ts';
import {EventDecoder} from './event-decoder.ts';
import type {Scanner} from './scanner.ts';

/** A scanner of one row, which breaks its promises. */
function brokenScanner(milliseconds: number, parameters: string): Scanner {
  const bytes = new TextEncoder().encode(parameters);
  const rows = new Int32Array(16);
  rows[2] = milliseconds;
  rows[13] = bytes.length;
  const words: Record<string, number> = {eventTime: 10, requestParameters: 12};
  const broken: Partial<Scanner> = {
    spec: {
      fields: [
        {name: 'eventTime', path: ['eventTime'], mode: 'text'},
        {name: 'requestParameters', path: ['requestParameters'], mode: 'range'},
      ],
      groups: [{name: 'operation', fields: []}],
    },
    stride: 16,
    rows,
    fieldWord: (name) => words[name] ?? -1,
    groupWord: () => 14,
    text: () => 'yesterday',
    combination: () => [],
    recordOf: () => undefined,
    bytes: () => bytes,
  };
  return broken as Scanner;
}

const DERIVER: Deriver = {
  columns: ['operation'],
  groups: [{name: 'operation', columns: [0]}],
  derive: () => ['x'],
  hourColumn: -1,
  hour: () => '',
  needsParameters: () => true,
  fromParameters: () => [],
};

function take(scanner: Scanner): number {
  const decoder = new EventDecoder(scanner, DERIVER);
  decoder.rows(scanner, {from: 0, to: 1, firstIndex: 0, baseOffset: 0});
  return decoder.take().length;
}

test('stops where a scanner has let unreadable times or parameters pass', () => {
  expect(take(brokenScanner(0, '{"a":1}'))).toBe(1);
  expect(() => take(brokenScanner(-1, '{"a":1}'))).toThrow('only records whose time can be read');
  expect(() => take(brokenScanner(0, '{"a":'))).toThrow('a scanner makes rows of sound JSON only');
});
