import {expect, test} from 'vitest';
import {deliveryOf, testHttpAlerter} from '../../test/contract/alerter.ts';
import {pagerDutyAlerter, pagerDutyEvent} from './pagerduty.ts';

testHttpAlerter('pagerduty', {
  make: (url, timeoutMs) =>
    pagerDutyAlerter('page', {url, timeoutMs, minScore: 0.99, routingKey: 'k'.repeat(32)}),
});

test('triggers with a key that later revisions share', () => {
  const {alert} = deliveryOf({
    title: 'raul has never called ec2:CreateSnapshot',
    severity: 'critical',
  });
  expect(pagerDutyEvent(alert, 'KEY')).toMatchObject({
    routing_key: 'KEY',
    event_action: 'trigger',
    dedup_key: alert.key,
    client_url: 'https://oddtrail.example/principals/x',
    payload: {
      summary: 'raul has never called ec2:CreateSnapshot',
      severity: 'critical',
      source: '111122223333:user/sample',
      timestamp: '2026-01-31T12:00:00Z',
      component: 'ec2',
      group: '111122223333',
      custom_details: {
        score: '0.9910',
        events: [
          {event_id: '00000000-0000-4000-8000-000000000000', operation: 'ec2:CreateSnapshot'},
        ],
      },
    },
  });
});

test('keeps the limits of the interface', () => {
  const {alert} = deliveryOf({title: '😀'.repeat(2000), key: 'k'.repeat(400)});
  const many = {
    ...alert,
    items: Array.from({length: 20}, () => ({...alert.items[0]!, reason: 'r'.repeat(9000)})),
  };
  const event = pagerDutyEvent(many, 'KEY') as {dedup_key: string; payload: {summary: string}};
  expect(event.dedup_key.length).toBeLessThanOrEqual(255);
  expect(event.payload.summary.length).toBeLessThanOrEqual(1024);
  expect(() => encodeURIComponent(event.payload.summary)).not.toThrow();
  expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(512 * 1024);
});
