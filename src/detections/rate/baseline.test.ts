import fc from 'fast-check';
import {expect, test} from 'vitest';
import {Baseline} from './baseline.ts';
import {HourWeights} from './hour-weights.ts';

const BINS_PER_DAY = 288;
const KEPT_HOURS = 192;
const FIRST = 20_000 * 24 + 5;
const PRIOR_DISPERSION = 10;

const gaps = fc.oneof(
  {weight: 3, arbitrary: fc.integer({min: 1, max: 40})},
  {weight: 2, arbitrary: fc.integer({min: 1, max: 3 * BINS_PER_DAY})},
  fc.integer({min: 1, max: 12 * BINS_PER_DAY}),
  // The same hour of another day.
  fc.integer({min: 1, max: 10}).map((days) => days * BINS_PER_DAY),
);
const counts = fc.oneof(fc.nat({max: 50}), fc.double({min: 0, max: 1e6, noNaN: true}));
const steps = fc.array(fc.tuple(gaps, counts), {minLength: 1, maxLength: 120});

function baselineAt(bin: number): Baseline {
  return new Baseline(new HourWeights(FIRST), PRIOR_DISPERSION, bin);
}

function toldOf(
  baseline: Baseline,
  bin: number,
): {mean: number; dispersion: number; average: number} {
  const mean = baseline.expect(bin);
  return {mean, dispersion: baseline.dispersion, average: baseline.average(bin)};
}

/** Goes through every bin since the beginning, and keeps them all. */
class PlainBaseline {
  readonly #hours = new Map<number, number>();
  readonly #days = new Map<number, {squares: number; means: number}>();
  #next: number;

  constructor(bin: number) {
    this.#next = Math.max(FIRST * 12, bin - KEPT_HOURS * 12);
  }

  expect(bin: number): {mean: number; dispersion: number; average: number} {
    this.#catchUp(bin);
    const {mean, perHour} = this.#hourly(Math.floor(bin / 12));
    let squares = 0;
    let means = 0;
    const today = Math.floor(this.#next / BINS_PER_DAY);
    // A day lasts until the one that takes its place begins.
    const first = this.#next % BINS_PER_DAY === 0 ? today - 8 : today - 7;
    for (let day = first; day <= today; day++) {
      squares += this.#days.get(day)?.squares ?? 0;
      means += this.#days.get(day)?.means ?? 0;
    }
    const dispersion = Math.max(1, (squares + 20 * PRIOR_DISPERSION) / (means + 20));
    return {mean, dispersion, average: perHour / 60};
  }

  add(bin: number, count: number): void {
    this.#catchUp(bin);
    const hour = Math.floor(bin / 12);
    const sixteenths = Math.round(count * 16) / 16;
    const {mean} = this.#hourly(hour);
    const {squares, means} = this.#days.get(Math.floor(hour / 24)) ?? {squares: 0, means: 0};
    this.#days.set(Math.floor(hour / 24), {
      squares: squares + (sixteenths - mean) ** 2,
      means: means + mean,
    });
    this.#hours.set(hour, Math.fround((this.#hours.get(hour) ?? 0) + sixteenths));
    this.#next = bin + 1;
  }

  /** Nothing is kept of a series that had nothing for longer than is kept. */
  #catchUp(bin: number): void {
    if (this.#next < bin - KEPT_HOURS * 12) {
      this.#hours.clear();
      this.#days.clear();
      this.#next = bin - KEPT_HOURS * 12;
    }
    while (this.#next < bin) this.add(this.#next, 0);
  }

  #hourly(hour: number): {mean: number; perHour: number} {
    let total = 0;
    for (let back = 1; back <= 168; back++) total += this.#hours.get(hour - back) ?? 0;
    const known = Math.min(168, hour - FIRST);
    const perHour = known > 0 ? total / known : 0;
    let weights = 2;
    let weighted = 2 * perHour;
    for (let days = 1; days <= 7; days++) {
      const alike = days === 7 ? 1 : weekend(hour) === weekend(hour - days * 24) ? 0.5 : 0.1;
      for (const off of [-1, 0, 1]) {
        const past = hour - days * 24 + off;
        if (past < FIRST) continue;
        weights += off === 0 ? alike : alike / 4;
        weighted += (off === 0 ? alike : alike / 4) * (this.#hours.get(past) ?? 0);
      }
    }
    return {mean: Math.max(0.1, weighted / weights) / 12, perHour};
  }
}

/** Saturday or Sunday. */
function weekend(hour: number): boolean {
  return [0, 6].includes(new Date(hour * 3_600_000).getUTCDay());
}

test('agrees with going through every bin by hand', () => {
  fc.assert(
    fc.property(fc.nat({max: 20 * BINS_PER_DAY}), steps, (begin, all) => {
      let bin = FIRST * 12 + begin;
      const one = baselineAt(bin);
      const plain = new PlainBaseline(bin);
      for (const [gap, count] of all.slice(0, 40)) {
        const told = toldOf(one, bin);
        const byHand = plain.expect(bin);
        expect(told.mean).toBeCloseTo(byHand.mean, 9);
        expect(told.average).toBeCloseTo(byHand.average, 9);
        expect(told.dispersion / byHand.dispersion).toBeCloseTo(1, 9);
        one.add(bin, count);
        plain.add(bin, count);
        bin += gap;
      }
    }),
    {numRuns: 40},
  );
});

test('goes on from its state as if it had not been away', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let bin = FIRST * 12;
      const one = baselineAt(bin);
      for (const [gap, count] of all) {
        bin += gap;
        const other = baselineAt(FIRST * 12);
        other.restore(JSON.parse(JSON.stringify(one.state())));
        expect(toldOf(one, bin)).toEqual(toldOf(other, bin));
        one.add(bin, count);
      }
    }),
  );
});

test('once reset, it is as good as new', () => {
  fc.assert(
    fc.property(steps, steps, (before, after) => {
      let bin = FIRST * 12;
      const used = baselineAt(bin);
      for (const [gap, count] of before) {
        bin += gap;
        used.add(bin, count);
      }
      used.reset(bin);
      const fresh = baselineAt(bin);
      for (const [gap, count] of after) {
        expect(toldOf(used, bin)).toEqual(toldOf(fresh, bin));
        used.add(bin, count);
        fresh.add(bin, count);
        bin += gap;
      }
      expect(used.state()).toEqual(fresh.state());
    }),
  );
});
