import {expect, test} from 'vitest';
import {durationMs} from '../../config/duration.ts';
import type {Config} from './config.ts';
import {parseConfig, REDACTED, redacted} from './load-config.ts';

function problemsOf(text: string): string[] {
  const parsed = parseConfig('oddtrail.yml', text, {});
  return parsed.ok
    ? []
    : parsed.problems.map(
        ({line, column, path, message}) => `${line}:${column} ${path} ${message}`,
      );
}

test('an empty file is a configuration: everything has a default', () => {
  const parsed = parseConfig('oddtrail.yml', '{}', {});
  expect(parsed).toMatchObject({
    ok: true,
    value: {
      data_dir: 'oddtrail-data',
      sources: [],
      store: {type: 'duckdb', memory_mb: 512},
      keep: {records_from: 0.9, observations: '365d'},
      server: {listen: '127.0.0.1:7433'},
      alerts: {destinations: [], update_every: '60s'},
    },
  });
});

test('reports every problem at its place', () => {
  const text = `data_dir: 3
sources:
  - {name: a, type: directory, path: x, pol: 3}
  - {name: a, type: carrier-pigeon}
server:
  listen: 0.0.0.0:80
alerts:
  destinations:
    - {name: page, type: pagerduty}
  update_every: soon
`;
  expect(problemsOf(text)).toEqual([
    '1:11 data_dir Invalid input: expected string, received number',
    '3:41 sources.0.pol Unknown setting',
    expect.stringMatching(/^4:\d+ sources\.1\.type Invalid/),
    expect.stringMatching(/^9:7 alerts\.destinations\.0\.routing_key Invalid input/),
    '10:17 alerts.update_every A duration such as "30s", "15m", "6h" or "90d"',
  ]);
});

test('what contradicts itself is a problem too', () => {
  const text = `sources:
  - {name: a, type: stdin}
  - {name: a, type: stdin}
server:
  listen: 0.0.0.0:70000
alerts:
  destinations:
    - {name: chat, type: slack, url: "http://example.com/x"}
time_zone: Nowhere/Land
`;
  expect(problemsOf(text)).toEqual([
    '3:12 sources.1.name Used twice',
    '3:21 sources.1.type There is one standard input',
    '5:11 server.listen An address that others reach needs `auth`',
    '5:11 server.listen An address that others reach needs `tls`, or a `public_url` with https of a proxy',
    '5:11 server.listen No such port',
    expect.stringContaining('8:38 alerts.destinations.0.url Begins with https://'),
    '9:12 time_zone Not a time zone',
  ]);
});

test('secrets come from variables, and are shown nowhere', () => {
  const text = `sources:
  - {name: push, type: http, token: "\${PUSH}"}
store: {type: postgres, url: "\${DATABASE}"}
alerts:
  destinations:
    - {name: page, type: pagerduty, routing_key: "\${PAGE}"}
    - {name: hook, type: webhook, url: "https://example.com/\${PAGE}", secret: "\${PAGE}", headers: {authorization: "\${PAGE}"}}
server:
  public_url: https://oddtrail.example
  auth: {oidc: {issuer: "https://id.example", client_id: me, client_secret: "\${PAGE}"}}
`;
  const variables = {PUSH: 'sesame-1', DATABASE: 'postgres://u:sesame-2@h/d', PAGE: 'sesame-3'};
  const parsed = parseConfig('oddtrail.yml', text, variables);
  expect(parsed).toMatchObject({ok: true, value: {sources: [{token: 'sesame-1'}]}});
  const shown = redacted((parsed as {value: Config}).value);
  expect(JSON.stringify(shown)).not.toContain('sesame');
  expect(shown).toMatchObject({
    sources: [{name: 'push', type: 'http', token: REDACTED}],
    store: {type: 'postgres', url: REDACTED},
    alerts: {destinations: [{routing_key: REDACTED}, {headers: {authorization: REDACTED}}]},
    server: {listen: '127.0.0.1:7433', auth: {oidc: {client_id: 'me', client_secret: REDACTED}}},
  });
});

test('reads durations', () => {
  expect(['250ms', '1.5s', '15m', '6h', '90d', 'x'].map(durationMs)).toEqual([
    250,
    1500,
    900_000,
    21_600_000,
    7_776_000_000,
    Number.NaN,
  ]);
});
