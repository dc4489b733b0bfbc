import {expect, test} from 'vitest';
import {
  detectionPath,
  editPath,
  fileNamed,
  lineOf,
  safeLink,
  techniqueLink,
} from './detection-paths.ts';

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

test('finds the file of a detection, by name, by place or within its pack', () => {
  const file = (name: string, id: string) => ({name, text: `detections:\n  - id: ${id}\n`});
  const files = [
    file('traps/article.yml', 'canary-login'),
    file('traps/examples.yml', 'canary-queue'),
    file('own.yml', 'mine'),
  ];
  const found = (name: string, id = '') => fileNamed(files, name, id)?.name;
  expect(found('own.yml')).toBe('own.yml');
  expect(found('/etc/oddtrail/detections/own.yml', 'mine')).toBe('own.yml');
  expect(found('traps', 'canary-queue')).toBe('traps/examples.yml');
  expect(found('traps', 'gone')).toBe('traps/article.yml');
  expect(found('trap')).toBeUndefined();
  expect(found('')).toBeUndefined();
});

test('finds the line that declares a detection, however it is written', () => {
  const text = `detections:\n  - id: one-more\n  - id: 'one'   # the first\n    tests:\n  - title: x\n    id: "two"`;
  expect(['one-more', 'one', 'two', 'three', ''].map((id) => lineOf(text, id))).toEqual([
    2,
    3,
    6,
    undefined,
    undefined,
  ]);
});

test('names the file and the detection to edit', () => {
  expect(editPath()).toBe('/detections/edit');
  expect(editPath('a b.yml')).toBe('/detections/edit?file=a%20b.yml');
  expect(editPath('traps', 'x')).toBe('/detections/edit?file=traps&id=x');
});
