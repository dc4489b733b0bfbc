import {expect} from 'vitest';
import {hasText} from '../src/decode/row-layout.ts';
import type {Scanner, ScanStop} from '../src/decode/scanner.ts';

/** A row as it means, free of the numbering of ids. */
export interface PlainRow {
  readonly fixed: readonly number[];
  readonly fields: Readonly<Record<string, string>>;
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

export function plainRows(scanner: Scanner): PlainRow[] {
  const {rows, count, stride, spec} = scanner;
  const plain: PlainRow[] = [];
  for (let i = 0; i < count; i++) {
    const row = rows.slice(i * stride, (i + 1) * stride);
    const fields: Record<string, string> = {};
    for (const field of spec.fields) {
      if (field.inRow === false) continue;
      const word = scanner.fieldWord(field.name);
      if (hasText(field)) fields[field.name] = scanner.text(row[word]!);
      else fields[field.name] = `${row[word]}+${row[word + 1]}`;
    }
    const groups: Record<string, string[]> = {};
    for (const {name} of spec.groups) {
      const ids = scanner.combination(name, row[scanner.groupWord(name)]!);
      groups[name] = [...ids].map((id) => scanner.text(id));
    }
    plain.push({fixed: [...row.slice(0, 10)], fields, groups});
  }
  return plain;
}

export interface Agreement {
  readonly stop: ScanStop;
  readonly count: number;
  readonly rows: PlainRow[];
}

/**
 * Scans the bytes with both; fails unless the reference takes every record that the fast scanner
 * takes, with the same row, and stops where it does unless that is at something not understood.
 */
export function expectAgreement(
  fast: Scanner,
  reference: Scanner,
  bytes: Uint8Array,
  separator: 'comma' | 'space' = 'space',
): Agreement {
  fast.load(bytes);
  reference.load(bytes);
  const stop = fast.scan(0, separator, false);
  const wanted = reference.scan(0, separator, false);
  const rows = plainRows(fast);
  const expected = plainRows(reference);
  expect(rows).toEqual(expected.slice(0, rows.length));
  if (stop !== 'not-understood') {
    expect([stop, fast.next, fast.count]).toEqual([wanted, reference.next, reference.count]);
  }
  return {stop, count: rows.length, rows};
}
