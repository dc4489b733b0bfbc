import {expect, test} from 'vitest';
import {configSchema} from './config.ts';
import {planReload} from './reload.ts';

const before = configSchema.parse({
  sources: [
    {name: 'a', type: 'directory', path: 'x'},
    {name: 'b', type: 'directory', path: 'y'},
  ],
  alerts: {destinations: [{name: 'c', type: 'console', min_score: 0.9}]},
});

test('nothing changes when nothing has changed', () => {
  expect(planReload(before, structuredClone(before))).toEqual({
    changed: [],
    needRestart: [],
    config: before,
  });
});

test('names what takes effect, and keeps what only a restart can change', () => {
  const after = configSchema.parse({
    data_dir: 'elsewhere',
    time_zone: 'Europe/Berlin',
    sources: [
      {name: 'a', type: 'directory', path: 'x'},
      {name: 'b', type: 'directory', path: 'z'},
      {name: 'd', type: 'stdin'},
    ],
    alerts: {destinations: [], update_every: '5m'},
    keep: {observations: '30d'},
    server: {max_requests_per_second: 7, public_url: 'https://oddtrail.example'},
    log: {level: 'debug', format: 'json'},
  });
  const plan = planReload(before, after);
  expect(plan.changed).toEqual([
    'keep.observations',
    'alerts.update_every',
    'log.level',
    'sources.b',
    'sources.d',
    'alerts.destinations.c',
  ]);
  expect(plan.needRestart).toEqual([
    'data_dir',
    'time_zone',
    'server.public_url',
    'server.max_requests_per_second',
    'log.format',
  ]);
  expect(plan.config).toEqual({
    ...after,
    data_dir: before.data_dir,
    time_zone: undefined,
    server: before.server,
    log: {level: 'debug', format: 'auto'},
  });
});
