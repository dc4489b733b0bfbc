import {expect, test} from 'vitest';
import {referenceVectors} from '../../test/vectors/read.ts';
import {Calibrator, DEFAULT_CALIBRATION} from './calibrator.ts';

const PLAIN = {...DEFAULT_CALIBRATION, clusterHours: 0};

test('gives p of the reference implementation when every event counts', () => {
  const calibrator = new Calibrator(PLAIN);
  for (const {event, R, p} of referenceVectors()) {
    const time = Number(event.ts) * 1_000;
    const share = calibrator.share(R);
    expect(Math.abs(share - p)).toBeLessThan(1e-4);
    calibrator.learn(R, time, 0, share);
  }
});
