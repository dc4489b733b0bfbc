import {expect, test} from 'vitest';
import {emptyReport, fakeReport, withEveryString} from '../../test/report-fixture.ts';
import {embedJson, packPoints, renderReport} from './report.ts';

const HOSTILE =
  '</script><!--<script>alert(1)</script>\u2028\u2029<img src=x onerror=alert(1)>&amp;';

/** What stands between the tags of the page's data. */
function dataOf(html: string): string {
  return html.split('<script type="application/json" id="data">')[1]!.split('</script>')[0]!;
}

test('keeps every string of the data apart from the markup', () => {
  const harmless = fakeReport(100);
  const hostile = withEveryString(harmless, (text) => `${HOSTILE}${text}`);
  const html = renderReport({
    ...hostile,
    totals: {...hostile.totals, rejected: {[HOSTILE]: 1}},
  });
  const around = (page: string) => page.replace(dataOf(page), '');
  expect(around(html)).toBe(around(renderReport(harmless)));
  expect(dataOf(html)).not.toMatch(/[<>&\u2028\u2029]/);
  expect(JSON.parse(dataOf(html))).toMatchObject({title: hostile.title, top: hostile.top});
});

test('embeds JSON that reads back the same', () => {
  expect(JSON.parse(embedJson({[HOSTILE]: HOSTILE}))).toEqual({[HOSTILE]: HOSTILE});
});

test('asks the network for nothing', () => {
  const html = renderReport(fakeReport(100));
  expect(html).not.toMatch(/<(link|iframe|img|object|embed|base)\b/i);
  expect(html).not.toMatch(/<[^>]+\s(src|href|srcset|action)=/i);
  expect(html).not.toMatch(/url\(|@import|\bfetch\(|XMLHttpRequest|WebSocket|import\(/);
  expect(html).not.toMatch(/^(import|export)\b/m);
});

test('lets nothing run but its own two scripts', () => {
  const html = renderReport(fakeReport(10));
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("trusted-types 'none'");
  expect(policy).not.toContain('unsafe');
  expect(policy.match(/sha256-/g)).toHaveLength(3);
  expect(html.match(/<script\b/g)).toHaveLength(3);
});

test('gives the same bytes for the same data', () => {
  expect(renderReport(fakeReport(500))).toBe(renderReport(fakeReport(500)));
});

test('stays small: little beside the points, and sixteen to twenty bytes for each', () => {
  expect(renderReport(emptyReport()).length).toBeLessThan(150_000);
  const {points, ...rest} = fakeReport(20_000);
  const packed = JSON.stringify(packPoints({...rest, points}));
  expect(packed.length / 20_000).toBeLessThan(20);
});

test('packs points in order of time', () => {
  const report = {
    ...emptyReport(),
    range: {from: 1_000_000, to: 1_009_000},
    operations: ['a', 'b'],
    points: {
      time: [1_009_000, 1_000_000, 1_004_500],
      score: [0.5, 0.25, 0.75],
      principal: [7, 8, 9],
      operation: [1, 0, 1],
      explanation: [4, -1, -1],
    },
  };
  const packed = packPoints(report);
  const words = (column: string) => {
    const bytes = Buffer.from(column, 'base64');
    return Array.from({length: bytes.length / 4}, (_, i) => bytes.readUInt32LE(i * 4));
  };
  expect(words(packed.seconds)).toEqual([0, 4, 9]);
  expect(words(packed.principal)).toEqual([8, 9, 7]);
  expect(packed).toMatchObject({count: 3, operationBytes: 2, explained: [[2, 4]]});
});
