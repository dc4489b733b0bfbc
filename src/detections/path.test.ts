import {expect, test} from 'vitest';
import {parsePath} from './path.ts';

test.each([
  ['$', []],
  ['$.requestParameters.name', ['requestParameters', 'name']],
  ['$.items[0].id', ['items', 0, 'id']],
  ["$.tags['a.b']", ['tags', 'a.b']],
  ['$["aws:tag"].x', ['aws:tag', 'x']],
  ['$.xmlns:x.@id.a-b.$c', ['xmlns:x', '@id', 'a-b', '$c']],
  ["$['']", ['']],
])('reads %s', (text, path) => {
  expect(parsePath(text)).toEqual({ok: true, path});
});

test.each([
  ['', 0],
  ['name', 0],
  ['$name', 1],
  ['$.', 1],
  ['$.a.*', 3],
  ['$.a[*]', 3],
  ['$.a[1234567]', 3],
  ["$.a['b]", 3],
])('says where %j makes no sense', (text, index) => {
  expect(parsePath(text)).toEqual({ok: false, index});
});
