import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {parseConfig} from './load-config.ts';

const examples = join(import.meta.dirname, '../../../examples');

test('every example is a sound configuration', () => {
  const files = readdirSync(examples)
    .map((name) => join(examples, name, 'oddtrail.yml'))
    .filter((file) => existsSync(file));
  expect(files.length).toBeGreaterThan(2);
  const variables = {
    PAGERDUTY_ROUTING_KEY: 'a',
    SLACK_WEBHOOK_URL: 'https://hooks.example.com/b',
    OIDC_CLIENT_SECRET: 'c',
  };
  for (const file of files) {
    const parsed = parseConfig(file, readFileSync(file, 'utf8'), variables);
    expect(parsed.ok ? [] : parsed.problems).toEqual([]);
  }
});
