import fc from 'fast-check';
import {expect, test} from 'vitest';
import {HourWeights} from './hour-weights.ts';
import {OpenBins} from './open-bins.ts';
import {type Series, SeriesTable} from './series.ts';

const WEIGHTS = new HourWeights(480_000);
const BIN = 480_000 * 12;
const MOST = 4;

const name = fc.record({
  account: fc.constantFrom('1', '2'),
  region: fc.constantFrom('eu-west-1', 'us-east-1'),
  operation: fc.constantFrom('s3:PutObject', 'ec2:RunInstances', 'iam:CreateUser'),
  principal: fc.constantFrom('alice', 'bob'),
  error: fc.constant('-'),
});
const step = fc.oneof(
  fc.record({names: name, bin: fc.integer({min: BIN, max: BIN + 5})}),
  fc.constant('close' as const),
);
const FIELDS = ['account', 'operation', 'principal'] as const;

function waitFor(open: OpenBins, bin: number, series: Series): Series {
  expect(open.at(bin, series)?.series).toBe(series);
  return series;
}

/** Keys of the histories, those judged the longest ago first. */
function remembered(table: SeriesTable): string[] {
  return table
    .state((text) => text as unknown as number)
    .map(([names]) => (names as unknown as string[]).join('\n'));
}

test('gives up what was judged the longest ago, as sorting everything each time does', () => {
  fc.assert(
    fc.property(fc.array(step, {maxLength: 80}), (steps) => {
      const table = new SeriesTable(FIELDS);
      const open = new OpenBins(({series}) => table.release(series));
      const plain = {
        waiting: new Map<number, string[]>(),
        judged: [] as string[],
        gone: [] as string[],
      };
      const gone: string[] = [];
      let next = BIN;
      for (const one of steps) {
        if (one !== 'close') {
          const {names, bin} = one;
          if (bin < next) continue;
          const {key} = waitFor(open, bin, table.of(names));
          expect(key).toBe(`${names.account}\n\n${names.operation}\n${names.principal}\n`);
          const waiting = plain.waiting.get(bin) ?? [];
          if (!waiting.includes(key)) waiting.push(key);
          plain.waiting.set(bin, waiting);
          continue;
        }
        for (const {series} of open.takeOut(next)) table.judged(series, WEIGHTS, next);
        table.giveUpBeyond(MOST, ({key}) => gone.push(key));
        for (const key of plain.waiting.get(next) ?? []) {
          plain.judged = [...plain.judged.filter((other) => other !== key), key];
        }
        plain.gone.push(...plain.judged.slice(0, -MOST));
        plain.judged = plain.judged.slice(-MOST);
        plain.waiting.delete(next);
        next++;
        expect(remembered(table)).toEqual(plain.judged);
        expect(table.remembered).toBe(plain.judged.length);
      }
      expect(gone).toEqual(plain.gone);
      const waiting = [...plain.waiting.keys()];
      expect(open.earliest()).toBe(Math.min(...waiting));
    }),
  );
});

test('forgets a series once nothing of it waits or is remembered', () => {
  const table = new SeriesTable(FIELDS);
  const open = new OpenBins(({series}) => table.release(series));
  const names = {account: '1', region: '', operation: 's3:PutObject', principal: 'a', error: ''};
  const series = waitFor(open, BIN, table.of(names));
  table.judged(series, WEIGHTS, BIN - 1);
  table.giveUpBeyond(0, () => {});
  expect(table.of(names)).toBe(series);
  open.takeOut(BIN);
  table.release(series);
  const other = table.of(names);
  expect(other).not.toBe(series);
  expect(table.named(other.names)).toBe(other);
});

test('a history that is used again is as good as new', () => {
  const table = new SeriesTable(['principal']);
  const seriesOf = (principal: string) => table.named(['', '', '', principal]);
  const used = table.judged(seriesOf('a'), WEIGHTS, BIN);
  used.baseline.add(BIN, 7);
  used.attributes.add({principal: 'a', userAgent: 'x', error: '-'});
  Object.assign(used, {recent: [BIN], learnsUntil: BIN + 9});
  table.giveUpBeyond(0, () => {});
  expect(table.judged(seriesOf('b'), WEIGHTS, BIN + 1)).toBe(used);
  const numberOf = (text: string) => text.length;
  const fresh = new SeriesTable(['principal']);
  fresh.judged(fresh.named(['', '', '', 'b']), WEIGHTS, BIN + 1);
  expect(table.state(numberOf)).toEqual(fresh.state(numberOf));
});
