import {expect, test} from 'vitest';
import type {ObservationInput} from '../../api/types.ts';
import {readShippedContexts} from '../context-file.ts';
import {Engine, CLOUDTRAIL_STREAM as stream} from './engine.ts';

const time = Date.UTC(2026, 0, 31);
const impossible: [string, ObservationInput][] = [
  ['a time that no store can hold', {time: 1e300, fields: {principal: 'raul'}}],
  ['a time of a record that no store can hold', {eventTime: 1e300, eventID: 'x'}],
  ['a number for a component', {time, fields: {principal: 5}} as unknown as ObservationInput],
  ['no fields but a list', {time, fields: ['raul']} as unknown as ObservationInput],
];

test.each(impossible)('refuses %s, and survives an entry that has it', (_, item) => {
  const engine = new Engine({scanner: 'reference'});
  const setup = {contexts: readShippedContexts(), asnFingerprint: ''};
  engine.process(1, {kind: 'create-context', stream, setup, at: time}, []);
  const usage = expect.objectContaining({code: 'usage'});
  expect(() => engine.check(stream, [item])).toThrow(usage);
  expect(() => engine.score(stream, [item])).toThrow(usage);
  const sound = {time, fields: {principal: 'raul'}};
  const {commit, results} = engine.process(
    2,
    {kind: 'observe', stream, items: [item, sound], at: time},
    [],
  );
  expect(results).toHaveLength(2);
  expect(commit.observations.flatMap(({times}) => [...times])).toEqual([time]);
});
