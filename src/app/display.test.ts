import {expect, test} from 'vitest';
import {displayOf, principalName} from './display.ts';

test('calls a principal what people would', () => {
  const names = {
    '111122223333:user/raul': 'raul',
    '111122223333:role/path/app-web': 'path/app-web',
    'person/alice@example.com/PowerUserAccess': 'alice@example.com',
    'service/ec2.amazonaws.com': 'ec2.amazonaws.com',
    '111122223333:root': 'root of 111122223333',
    '111122223333:account': 'account 111122223333',
    '111122223333:web/google/ann': 'google/ann',
    'identity-center/abc': 'identity-center/abc',
    'person/': 'person/',
    unknown: 'unknown',
    '': '',
  };
  for (const [principal, name] of Object.entries(names))
    expect(principalName(principal)).toBe(name);
});

test('puts other components in words, and leaves those it does not know', () => {
  expect(displayOf('hour', 'h2')).toBe('working days 8–12 h');
  expect(displayOf('hour', 'w5')).toBe('days off 20–24 h');
  expect(displayOf('error', '-')).toBe('success');
  expect(displayOf('network', '-')).toBe('an unknown network');
  expect(displayOf('network', 'aws-service')).toBe('a service of AWS');
  expect(displayOf('resource', 'external:*')).toBe('everybody outside');
  expect(displayOf('resource', 'external:999988887777')).toBe('the outside account 999988887777');
  expect(displayOf('resource', '-')).toBe('anything unnamed');
  expect(displayOf('city', '111:user/x')).toBe('111:user/x');
});
