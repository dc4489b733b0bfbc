import {expect, test} from 'vitest';
import {deliveryTimeOf} from './delivery-name.ts';

test('reads the time of delivery out of the names that CloudTrail gives', () => {
  const name = (rest: string) => deliveryTimeOf(`AWSLogs/1/CloudTrail/x/2026/01/05/${rest}`);
  const wanted = Date.UTC(2026, 0, 5, 8, 15);
  expect(name('111122223333_CloudTrail_eu-central-1_20260105T0815Z_aBcDeF.json.gz')).toBe(wanted);
  expect(name('111122223333_CloudTrail_us-gov-west-1_20260105T0815Z_aBcDeF.json')).toBe(wanted);
  expect(name('1_CloudTrail-Insight_eu-central-1_20260105T0815Z_x.json.gz')).toBe(wanted);
  expect(name('1_CloudTrail-Digest_eu-central-1_my_trail_eu-west-1_20260105T081500Z.json.gz')).toBe(
    wanted,
  );
  expect(name('1_CloudTrail_eu-central-1_20260105T081530Z_x.json.gz')).toBe(wanted + 30_000);
});

test('says nothing of other names, whatever the folder is called', () => {
  for (const path of ['a.json.gz', '1_CloudTrail_eu-central-1_20260105T0815Z_x/a.json', '']) {
    expect(deliveryTimeOf(path)).toBeUndefined();
  }
});
