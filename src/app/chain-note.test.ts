import {expect, test} from 'vitest';
import {chainNote} from './chain-note.ts';

test('tells whose credentials a session goes back to', () => {
  expect(chainNote('111122223333:role/deploy', '111122223333:user/raul')).toBe(
    'acting through credentials issued to raul',
  );
  expect(chainNote('111122223333:role/deploy', '444455556666:role/build')).toBe(
    'acting through credentials issued to build',
  );
});

test('is silent where there is nothing to wonder at', () => {
  const person = 'person/alice@example.com/PowerUserAccess';
  expect(chainNote('111122223333:role/deploy', undefined)).toBeUndefined();
  expect(chainNote('111122223333:role/web', 'service/ec2.amazonaws.com')).toBeUndefined();
  expect(chainNote(person, '111122223333:saml/alice@example.com')).toBeUndefined();
});
