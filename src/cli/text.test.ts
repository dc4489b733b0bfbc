import fc from 'fast-check';
import {expect, test} from 'vitest';
import {type Output, plain, plainJson} from './output.ts';
import {count, duration, Progress} from './progress.ts';
import {scoreText, timeText} from './score.ts';
import {table} from './table.ts';

test('text out of a log cannot move the cursor or turn the writing round', () => {
  expect(plain('a\u001b[2Jb\r\nc\u009bd\u202ee\u200ff\u2028g')).toBe('a�[2Jb��c�d�e�f�g');
  expect(plain('Grüße, 世界 🙂')).toBe('Grüße, 世界 🙂');
});

test('JSON for a terminal means the same', () => {
  fc.assert(
    fc.property(fc.string({unit: 'binary'}), (text) => {
      const json = plainJson(JSON.stringify({text}));
      expect(JSON.parse(json)).toEqual({text});
      expect(plain(json)).toBe(json);
    }),
  );
});

test('a table is as wide as it must be, and wraps what is flexible', () => {
  const columns = [
    {title: 'n', align: 'right' as const},
    {title: 'name'},
    {title: 'why', flexible: true},
  ];
  const rows = [
    ['1', 'ann', 'words that are wrapped where they end, and one-that-is-much-too-long-for-a-line'],
    ['10', 'b\tob', ''],
  ];
  expect(table(columns, rows, 36)).toBe(
    [
      ' n  name  why',
      '──  ────  ──────────────────────────',
      ' 1  ann   words that are wrapped',
      '          where they end, and',
      '          one-that-is-much-too-long-',
      '          for-a-line',
      '10  b�ob',
      '',
    ].join('\n'),
  );
  expect(table([{title: 'alone'}], [], 80)).toBe('alone\n─────\n');
});

test('no line of a table is wider than asked, if the columns leave room', () => {
  fc.assert(
    fc.property(fc.array(fc.string({unit: 'grapheme', maxLength: 90})), (texts) => {
      const text = table(
        [{title: 'id'}, {title: 'why', flexible: true}],
        texts.map((t) => ['1', t]),
        60,
      );
      for (const line of text.split('\n')) expect([...line].length).toBeLessThanOrEqual(60);
    }),
  );
});

test('numbers and times read well', () => {
  expect([count(0), count(999), count(1000), count(1_234_567)]).toEqual([
    '0',
    '999',
    '1 000',
    '1 234 567',
  ]);
  expect([duration(-1), duration(89), duration(600), duration(7200)]).toEqual([
    '0 s',
    '89 s',
    '10 min',
    '2.0 h',
  ]);
  expect([scoreText(0.98996), scoreText(1), scoreText(0)]).toEqual(['0.9899', '1.0000', '0.0000']);
  expect(timeText(Date.UTC(2026, 0, 5))).toBe('2026-01-05T00:00:00Z');
  expect(timeText(Date.UTC(2026, 0, 5) + 7)).toBe('2026-01-05T00:00:00.007Z');
});

test('progress is silent when quiet, and seldom where nothing can be redrawn', () => {
  const notes: string[] = [];
  const output = (quiet: boolean) =>
    ({quiet, interactive: false, note: (text: string) => notes.push(text)}) as unknown as Output;
  const state = {files: 2, filesDone: 1, bytes: 10, bytesDone: 5, events: 3};
  for (const quiet of [true, false]) {
    const progress = new Progress(output(quiet), 'scoring');
    for (let i = 0; i < 1000; i++) progress.update(state);
    progress.clear();
  }
  expect(notes).toEqual([]);
});
