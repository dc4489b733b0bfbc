import {expect, test} from 'vitest';
import {eventOfRecord, prepareDerivation} from '../../event/derive.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';
import {compileFilter} from './filter.ts';

const derivation = prepareDerivation();

function eventOf(record: Record<string, Json>, time = 0): DetectionEvent {
  const components = eventOfRecord(record, time, derivation);
  return {time, id: 'e', components, origin: components.principal, score: 0, bits: {}, record};
}

// What is added to a metric.

test('a match adds one, a number, or the number at a field', () => {
  const event = eventOf({latency: 50, text: '7.5', word: 'x', list: [1], none: null});
  const value = (spec: number | string | undefined) => {
    const compiled = compileFilter('{ $.latency = * }', spec === undefined ? {} : {value: spec});
    return compiled.ok ? compiled.filter.value(event) : compiled.problems;
  };
  expect(value(undefined)).toBe(1);
  expect(value(2.5)).toBe(2.5);
  expect(value('$.latency')).toBe(50);
  expect(value('$.text')).toBe(7.5);
  expect(value('$.word')).toBeUndefined();
  expect(value('$.list')).toBeUndefined();
  expect(value('$.list[0]')).toBe(1);
  expect(value('$.none')).toBeUndefined();
  expect(value('$.missing')).toBeUndefined();
  expect(value('latency')).toMatchObject([{setting: ['value'], index: 0}]);
  expect(value(Number.NaN)).toMatchObject([{setting: ['value']}]);
});

test('a field of a text is named by the pattern', () => {
  const pattern = '[..., request=*html*, status_code=4*, bytes]';
  const compiled = compileFilter(pattern, {value: '$bytes', dimensions: {Status: '$status_code'}});
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const line = {log: 'GET index.html 404 1534'};
  const text = eventOf(line);
  // The text of a record ends in the quotes and brackets of JSON.
  expect(compiled.filter.value(text)).toBeUndefined();
  expect(compiled.filter.dimensions(text)).toEqual({Status: '404'});
  expect(compileFilter(pattern, {value: '$size'})).toMatchObject({
    ok: false,
    problems: [{setting: ['value']}],
  });
});

test('dimensions are texts or numbers, and all of them are wanted', () => {
  const compiled = compileFilter('{ $.a = * }', {dimensions: {A: '$.a', B: "$['b c'].d"}});
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const {filter} = compiled;
  expect(filter.dimensions(eventOf({a: 1, 'b c': {d: 'x'}}))).toEqual({A: '1', B: 'x'});
  expect(filter.dimensions(eventOf({a: 1}))).toBeUndefined();
  expect(filter.dimensions(eventOf({a: 1, 'b c': {d: {}}}))).toBeUndefined();
});

test('tells of everything that is wrong with a transformation', () => {
  const compiled = compileFilter('{ $.a = %[% }', {
    value: 'x',
    default: 0,
    unit: 'Parsecs',
    dimensions: {A: '$.a', B: '$.b', C: '$.c', ':D': 'd'},
  });
  expect(compiled).toMatchObject({
    ok: false,
    problems: [
      {index: 9},
      {setting: ['value']},
      {setting: ['default']},
      {setting: ['unit']},
      {setting: ['dimensions']},
      {setting: ['dimensions', ':D']},
      {setting: ['dimensions', ':D']},
    ],
  });
  expect(compileFilter('ERROR', {value: '$.a'})).toMatchObject({ok: false});
});
