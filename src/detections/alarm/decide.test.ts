import fc from 'fast-check';
import {expect, test} from 'vitest';
import {type Breach, type Decision, decide, MISSING_DATA} from './decide.ts';

/** A row of CloudWatch's documentation: datapoints oldest first, then the four treatments. */
type Row = readonly [data: string, missing: string, ignore: string, breaching: string, not: string];

const ALARM = 'ALARM';
const INSUFFICIENT = 'INSUFFICIENT_DATA';

const THREE_OF_THREE: readonly Row[] = [
  ['0 - X - X', 'OK', 'OK', 'OK', 'OK'],
  ['0 - - - -', 'OK', 'OK', 'OK', 'OK'],
  ['- - - - -', INSUFFICIENT, 'retain', ALARM, 'OK'],
  ['0 X X - X', ALARM, ALARM, ALARM, ALARM],
  ['- - X - -', ALARM, 'retain', ALARM, 'OK'],
];

const TWO_OF_THREE: readonly Row[] = [
  ['0 - X - X', ALARM, ALARM, ALARM, ALARM],
  ['0 0 X 0 X', ALARM, ALARM, ALARM, ALARM],
  ['0 - X - -', 'OK', 'OK', ALARM, 'OK'],
  ['- - - - 0', 'OK', 'OK', ALARM, 'OK'],
  ['- - - X -', ALARM, 'retain', ALARM, 'OK'],
];

/** Rows of an earlier edition of the same page (2019), which the later one no longer prints. */
const EARLIER: readonly (readonly [toAlarm: number, row: Row])[] = [
  [3, ['- - - - X', INSUFFICIENT, 'retain', ALARM, 'OK']],
  [3, ['X - - - -', ALARM, 'retain', ALARM, 'OK']],
  [2, ['- - - - X', INSUFFICIENT, 'retain', ALARM, 'OK']],
];

const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;

function parse(data: string): Breach[] {
  return data
    .split(' ')
    .map((point) => (point === '-' ? null : point === 'X'))
    .reverse();
}

const cases = [
  ...THREE_OF_THREE.map((row) => [3, row] as const),
  ...TWO_OF_THREE.map((row) => [2, row] as const),
  ...EARLIER,
].flatMap(([datapointsToAlarm, [data, ...states]]) =>
  TREATMENTS.map((missingData, i) => ({datapointsToAlarm, data, missingData, state: states[i]})),
);

test('the tables are all there', () => {
  expect(cases).toHaveLength((5 + 5 + 3) * 4);
});

test.each(cases)(
  '$datapointsToAlarm of 3, $missingData: $data is $state',
  ({datapointsToAlarm, data, missingData, state}) => {
    const settings = {evaluationPeriods: 3, datapointsToAlarm, missingData};
    expect(decide(parse(data), settings).state).toBe(state);
  },
);

// The sentences around the tables.

function state(data: string, datapointsToAlarm: number, missingData = 'missing' as const) {
  return decide(parse(data), {evaluationPeriods: 3, datapointsToAlarm, missingData}).state;
}

test.each(['- - - - X', '- - - X -'])('does not alarm too early, 3 of 3: %s', (data) => {
  expect(state(data, 3)).not.toBe(ALARM);
});

test.each(['- - - X 0', '- - X - 0'])('is glad it waited, 3 of 3: %s', (data) => {
  expect(state(data, 3)).toBe('OK');
});

test('a datapoint out of range is forgotten: the row after "0 - - - -" alarms on missing data', () => {
  const breaching = {evaluationPeriods: 3, datapointsToAlarm: 3, missingData: 'breaching'} as const;
  expect(decide(parse('0 - - - -'), breaching).state).toBe('OK');
  expect(decide(parse('- - - - -'), breaching).state).toBe(ALARM);
});

test('older datapoints are not needed where none of the newest is missing', () => {
  expect(state('X X 0 0 0', 2)).toBe('OK');
  expect(state('0 0 X 0 X', 2)).toBe(ALARM);
});

test('an old breach does not alarm before its time in M out of N', () => {
  expect(state('- - - - X', 2)).toBe(INSUFFICIENT);
  expect(state('- - - X -', 2)).toBe(ALARM);
});

test.each(MISSING_DATA)('three datapoints of five do without the treatment "%s"', (missingData) => {
  const settings = {evaluationPeriods: 3, datapointsToAlarm: 3, missingData};
  expect(decide(parse('X X - X -'), settings).state).toBe(ALARM);
  expect(decide(parse('X 0 - X -'), settings).state).toBe('OK');
});

/** The rules one by one, on texts: slow, and plainly right. */
function oracle(
  points: readonly Breach[],
  n: number,
  m: number,
  missingData: (typeof MISSING_DATA)[number],
): Decision['state'] {
  const real = points.filter((point) => point !== null);
  const verdict = (chosen: readonly Breach[]) =>
    chosen.filter((point) => point === true).length >= m ? 'ALARM' : 'OK';
  if (real.length >= n) return verdict(real.slice(0, n));
  if (real.filter(Boolean).length >= m) return 'ALARM';
  const fill = (value: boolean) => [...real, ...Array(n - real.length).fill(value)] as boolean[];
  if (missingData === 'breaching') return verdict(fill(true));
  if (missingData === 'notBreaching') return verdict(fill(false));
  if (real.includes(false)) return 'OK';
  if (missingData === 'ignore') return 'retain';
  if (real.length === 0) return 'INSUFFICIENT_DATA';
  return points.lastIndexOf(true) + 1 >= m ? 'ALARM' : 'INSUFFICIENT_DATA';
}

test('agrees with the rules read one by one', () => {
  const point = fc.constantFrom<Breach>(true, false, null);
  fc.assert(
    fc.property(
      fc.integer({min: 1, max: 6}),
      fc.nat(5),
      fc.constantFrom(...MISSING_DATA),
      fc.array(point, {minLength: 8, maxLength: 8}),
      (n, less, missingData, all) => {
        const m = Math.max(1, n - less);
        const points = all.slice(0, n + 2);
        const settings = {evaluationPeriods: n, datapointsToAlarm: m, missingData};
        expect(decide(points, settings).state).toBe(oracle(points, n, m, missingData));
      },
    ),
    {numRuns: 2000},
  );
});
