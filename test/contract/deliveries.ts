import type {Alert, AlertItem} from '../../src/pipeline/alert.ts';
import type {OutboxEntry} from '../../src/pipeline/store.ts';
import {HOSTILE} from './hostile.ts';
import {uuid} from './store-rows.ts';

const T0 = Date.UTC(2026, 10, 1);

/** Revision n of an alert: n observations, of which the last is the news. */
export function delivery(destination: string, id: string, revision: number): OutboxEntry {
  const item = (n: number): AlertItem => ({
    observationId: n,
    eventId: uuid(n),
    eventTime: T0 + n,
    score: 0.99,
    operation: 'ec2:CreateSnapshot',
    service: 'ec2',
    account: '1',
    region: 'r',
    network: 'n',
    userAgent: 'u',
    resource: HOSTILE[n] ?? '',
    error: '-',
    mostNovel: null,
    reason: `it's new`,
  });
  const items = Array.from({length: revision}, (_, i) => item(i + 1));
  const alert: Alert = {
    key: id,
    context: 'cloudtrail',
    principal: 'raul',
    account: '1',
    score: 0.99,
    severity: 'critical',
    title: 'raul',
    items,
    count: revision,
    firstTime: T0,
    lastTime: T0 + revision,
    link: '',
    test: false,
  };
  return {
    destination,
    createdAt: T0 + (revision - 1) * 1000,
    delivery: {id, revision, alert, news: [item(revision)]},
  };
}
