import {expect, test} from 'vitest';
import {referenceVectors} from '../../test/vectors/read.ts';
import {SectionReader, SectionWriter} from '../base/binary.ts';
import {Random} from '../base/random.ts';
import {Calibrator, DEFAULT_CALIBRATION, scoreOf} from './calibrator.ts';

const PLAIN = {...DEFAULT_CALIBRATION, clusterHours: 0};

test('gives p of the reference implementation when every event counts', () => {
  const calibrator = new Calibrator(PLAIN);
  for (const {event, R, p} of referenceVectors()) {
    const time = Number(event.ts) * 1_000;
    const share = calibrator.share(R, 0);
    expect(Math.abs(share - p)).toBeLessThan(1e-4);
    calibrator.learn(R, time, 0, share);
  }
});

const DAY = 86_400_000;

/** Exponential R, and now and then a burst of one entity; 6,000 events a day. */
function learnQuiet(calibrator: Calibrator, days: number): number {
  const random = new Random('quiet');
  let over = 0;
  for (let day = 0; day < days; day++) {
    for (let i = 0; i < 6_000; i++) {
      const time = (day + i / 6_000) * DAY;
      const burst = random.chance(0.001) ? 1 + random.below(8) : 1;
      const entity = random.below(200);
      for (let k = 0; k < burst; k++) {
        const raised = burst > 1 ? 12 + random.exponential(4) : random.exponential(2.5);
        const share = calibrator.share(raised, entity);
        if (day >= 10 && share <= 1 / 400) over++;
        calibrator.learn(raised, time, entity, share);
      }
    }
  }
  return over / ((days - 10) * 6_000);
}

test('on a quiet stream with bursts, 0.95 is one event in 400', () => {
  const share = learnQuiet(new Calibrator(), 30);
  expect(share * 400).toBeGreaterThan(1 / 1.5);
  expect(share * 400).toBeLessThan(1.5);
});

test('an attack does not call itself usual, nor the next one', () => {
  const calibrator = new Calibrator();
  learnQuiet(calibrator, 20);
  for (const [attack, entity] of [900, 901].entries()) {
    for (let i = 0; i < 400; i++) {
      const share = calibrator.share(48, entity);
      expect(scoreOf(share)).toBeGreaterThan(0.99);
      calibrator.learn(48, (20 + 2 * attack) * DAY + i * 10_000, entity, share);
    }
  }
});

test('a higher R never has a larger share, and shares lie in (0, 1]', () => {
  const calibrator = new Calibrator();
  for (const days of [0, 11]) {
    if (days > 0) learnQuiet(calibrator, days);
    let before = 1;
    for (let raised = 0; raised < 250; raised += 0.3) {
      const share = calibrator.share(raised, 0);
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThanOrEqual(before * (1 + 1e-9));
      before = share;
    }
  }
});

test('counts what is rare for others while its cluster is open, and gives it back', () => {
  const calibrator = new Calibrator();
  learnQuiet(calibrator, 11);
  const at = 11 * DAY;
  const before = calibrator.share(48, 1);
  for (let entity = 20; entity < 40; entity++) {
    for (let i = 0; i < 3; i++) calibrator.learn(48, at, entity, calibrator.share(48, entity));
  }
  const during = calibrator.share(47, 1);
  expect(during).toBeGreaterThan(60 / 70_000);
  expect(during).toBeGreaterThan(10 * before);

  const writer = new SectionWriter();
  calibrator.save(writer);
  const restored = new Calibrator();
  restored.restore(new SectionReader(writer.bytes()));
  for (const raised of [5, 20, 47, 48.2, 60]) {
    expect(restored.share(raised, 20)).toBe(calibrator.share(raised, 20));
    expect(restored.share(raised, 1)).toBe(calibrator.share(raised, 1));
  }
});

test('lets go of entities that are not marked, and counts what was held back of them', () => {
  const calibrator = new Calibrator();
  learnQuiet(calibrator, 11);
  const state = () => {
    const writer = new SectionWriter();
    calibrator.save(writer);
    return new SectionReader(writer.bytes()).float64('calibrator');
  };
  calibrator.sweep(new Uint8Array(200));
  const [closed] = state();
  const length = state().length;
  for (let i = 0; i < 3; i++) calibrator.learn(48, 11 * DAY - 1_000, 7, calibrator.share(48, 7));
  expect(state().length).toBe(length + 4 + 3);
  calibrator.sweep(new Uint8Array(200).fill(1));
  expect(state().length).toBe(length + 4 + 3);
  calibrator.sweep(new Uint8Array(200).fill(1, 8));
  expect(state().length).toBe(length);
  expect(state()[0]).toBeCloseTo((closed as number) + 3);
});
