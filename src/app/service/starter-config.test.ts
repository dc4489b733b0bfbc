import {expect, test} from 'vitest';
import {parseConfig} from './load-config.ts';
import {STARTER_CONFIG} from './starter-config.ts';

test('the starting file is a sound configuration, and wants no variables', () => {
  expect(parseConfig('oddtrail.yml', STARTER_CONFIG, {})).toMatchObject({
    ok: true,
    value: {
      sources: [{type: 'directory', path: 'logs'}],
      alerts: {destinations: [{type: 'console', min_score: 0.99}]},
    },
  });
});

test('so it is with everything in it switched on', () => {
  const all = STARTER_CONFIG.replace(/^(\s*)#(?=[^\s#]| {2})/gm, '$1');
  const variables = {
    ODDTRAIL_PUSH_TOKEN: 'a',
    PAGERDUTY_ROUTING_KEY: 'b',
    SLACK_WEBHOOK_URL: 'https://hooks.example.com/x',
    ODDTRAIL_WEBHOOK_SECRET: 'c',
    DATABASE_URL: 'postgres://localhost/oddtrail',
  };
  const parsed = parseConfig('oddtrail.yml', all, variables);
  expect(parsed).toMatchObject({
    ok: true,
    value: {
      sources: [{}, {type: 'sqs'}, {type: 's3'}, {type: 'lookup-events'}, {type: 'http'}],
      alerts: {destinations: [{}, {type: 'pagerduty'}, {type: 'slack'}, {type: 'webhook'}]},
      store: {type: 'postgres'},
      time_zone: 'Europe/Berlin',
    },
  });
});
