import {expect, test} from 'vitest';
import {detectionPath, safeLink, techniqueLink} from './detection-paths.ts';

test('leads to techniques and their parts, and to nothing else', () => {
  expect(techniqueLink('T1537')).toBe('https://attack.mitre.org/techniques/T1537/');
  expect(techniqueLink('T1078.004')).toBe('https://attack.mitre.org/techniques/T1078/004/');
  for (const wrong of ['', 'T1', 'T15377', 'T1537/../..', 'javascript:alert(1)']) {
    expect(techniqueLink(wrong)).toBeUndefined();
  }
});

test('follows encrypted web addresses alone', () => {
  expect(safeLink('https://docs.aws.amazon.com/x')).toBe('https://docs.aws.amazon.com/x');
  for (const wrong of [
    'http://example.com',
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    'https://user@example.com/',
    '//example.com',
    'x',
  ]) {
    expect(safeLink(wrong)).toBeUndefined();
  }
});

test('a dot of an id does not look like the end of a file name', () => {
  expect(detectionPath('cis.3.1')).toBe('/detections/cis%2E3%2E1');
});
