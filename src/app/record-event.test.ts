import fc from 'fast-check';
import {expect, test} from 'vitest';
import {type Components, EVENT_FIELDS} from '../event/fields.ts';
import {type GivenRecord, RecordEvent} from './record-event.ts';

const components = Object.fromEntries(EVENT_FIELDS.map((field) => [field, '-'])) as Components;

function eventOf(record: GivenRecord): RecordEvent {
  const facts = {time: 0, id: () => 'e', components, origin: '-', score: 0};
  return new RecordEvent(
    facts,
    () => ({}),
    () => record,
  );
}

/** All keys and texts of a value. */
function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      yield key;
      yield* textsOf(inner);
    }
  }
}

const NAME = fc.constantFrom('backup_admin', 'prod/db', 'canary', 'a b');
const spelt = fc
  .tuple(NAME, fc.boolean())
  .map(([name, upper]) => (upper ? name.toUpperCase() : name));
const value = fc.object({values: [spelt, fc.string(), fc.integer()], maxDepth: 3});

test('never denies a text that the record holds', () => {
  let denied = 0;
  fc.assert(
    fc.property(value, NAME, fc.boolean(), (inner, name, escaped) => {
      const record = {eventVersion: '1.11', eventTime: '2026-01-01T00:00:00Z', eventID: 'e', inner};
      let text = JSON.stringify(record);
      // As any writer of JSON may.
      if (escaped) text = text.replaceAll('a', '\\u0061').replaceAll('/', '\\/');
      const event = eventOf(text);
      const holds = [...textsOf(event.record)].some((each) => each.toLowerCase().includes(name));
      if (holds) expect(event.mayHold(name)).toBe(true);
      else if (!event.mayHold(name)) denied++;
    }),
    {numRuns: 1_000},
  );
  expect(denied).toBeGreaterThan(100);
});

test('gives own texts as the record has them, from bytes and from a text', () => {
  const inner = {
    eventTime: '2026-01-01T00:00:00Z',
    eventID: 'e',
    userAgent: 'aws',
    sourceIPAddress: 1,
  };
  const wrapper = JSON.stringify({Username: 'x', CloudTrailEvent: JSON.stringify(inner)});
  for (const text of [JSON.stringify(inner), wrapper, '{"userAgent":', null]) {
    for (const given of [text, text === null ? null : new TextEncoder().encode(text)]) {
      const own = eventOf(given);
      const {userAgent = ''} = eventOf(given).record;
      expect([own.ownText('userAgent'), own.ownText('sourceIPAddress')]).toEqual([userAgent, '']);
      expect(own.record).toEqual(eventOf(text).record);
      expect(own.ownText('userAgent')).toBe(userAgent);
    }
  }
});

test('cannot tell of what does not begin as a record, nor of what is not there', () => {
  const inner = {
    eventVersion: '1.11',
    eventTime: '2026-01-01T00:00:00Z',
    eventID: 'e',
    eventSource: 's3.amazonaws.com',
    eventName: 'ListBuckets',
  };
  const wrapped = eventOf(JSON.stringify({Username: 'x', CloudTrailEvent: JSON.stringify(inner)}));
  expect(wrapped.record).toMatchObject(inner);
  expect(wrapped.mayHold('anything')).toBe(true);
  expect(eventOf(null).mayHold('anything')).toBe(true);
  expect(eventOf(null).record).toEqual({});
  expect(eventOf('{"eventVersion":').record).toEqual({});
});
