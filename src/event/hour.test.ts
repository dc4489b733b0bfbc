import fc from 'fast-check';
import {expect, test} from 'vitest';
import {HourClock, isTimeZone} from './hour.ts';

const at = (text: string) => Date.parse(text);

test('working days and weekends have hours of their own', () => {
  const clock = new HourClock();
  expect(clock.hour(at('2023-07-10T11:45:00Z'))).toBe('h2'); // Monday
  expect(clock.hour(at('2023-07-09T23:59:59Z'))).toBe('w5');
  expect(clock.hour(at('1969-12-31T00:00:00Z'))).toBe('h0'); // Wednesday
});

test('follows summer time', () => {
  const clock = new HourClock({timeZone: 'Europe/Berlin'});
  expect(clock.hour(at('2023-03-24T10:30:00Z'))).toBe('h2'); // 11:30
  expect(clock.hour(at('2023-03-27T10:30:00Z'))).toBe('h3'); // 12:30
});

test('working days can be declared', () => {
  const clock = new HourClock({timeZone: 'Asia/Dubai', workingDays: [0, 1, 2, 3, 4]});
  expect(clock.hour(at('2023-07-09T08:00:00Z'))).toBe('h3');
});

test('agrees with Intl in every zone and at every time', () => {
  const zones = ['America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia'];
  const min = at('2000-01-01T00:00:00Z');
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({min, max: min + 1e12}), (timeZone, time) => {
      const format = new Intl.DateTimeFormat('en-US', {
        timeZone,
        hour: 'numeric',
        hourCycle: 'h23',
        weekday: 'short',
      });
      const parts = Object.fromEntries(
        format.formatToParts(time).map(({type, value}) => [type, value]),
      );
      const block = Math.floor(Number(parts.hour) / 4);
      const free = parts.weekday === 'Sat' || parts.weekday === 'Sun';
      expect(new HourClock({timeZone}).hour(time)).toBe(`${free ? 'w' : 'h'}${block}`);
    }),
    {numRuns: 60},
  );
});

test('knows time zones', () => {
  expect(isTimeZone('Europe/Berlin')).toBe(true);
  expect(isTimeZone('Mars/Olympus')).toBe(false);
});
