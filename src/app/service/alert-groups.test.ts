import {expect, test} from 'vitest';
import type {AlertItem} from '../../pipeline/alert.ts';
import {AlertGroups, type AlertNews} from './alert-groups.ts';
import type {EngineSettings} from './entries.ts';

const settings: EngineSettings = {
  destinations: [
    {name: 'chat', minScore: 0.9},
    {name: 'pager', minScore: 0.99},
  ],
  publicUrl: '',
  keep: {recordsFrom: 0.9, reasonsFrom: 0.9},
};

let id = 0;
function newsOf(principal: string, count = 1, score = 0.995): AlertNews[] {
  return Array.from({length: count}, () => {
    const item: AlertItem = {
      observationId: ++id,
      eventId: `event-${id}`,
      eventTime: Date.UTC(2026, 10, 22, 12),
      score,
      operation: 'ec2:CreateSnapshot',
      service: 'ec2',
      account: '111122223333',
      region: 'eu-central-1',
      network: '-',
      userAgent: 'aws-cli',
      resource: '-',
      error: '-',
      mostNovel: null,
      reason: 'it is new',
    };
    return {context: 'cloudtrail', principal, item};
  });
}

function itemsIn(groups: AlertGroups): number {
  const all = groups.state().flatMap(([, {told}]) => Object.values(told));
  return all.reduce((sum, {items}) => sum + items.length, 0);
}

test('keeps a bounded number of groups and items, and goes on counting', () => {
  let groups = new AlertGroups();
  for (let p = 0; p < 6_000; p++) {
    groups.deliveries(newsOf(`111122223333:user/u${p}`, 30), settings, p);
    if (p % 500 === 0) {
      expect(itemsIn(groups)).toBeLessThanOrEqual(20_000);
      // What it knows of the bound survives being saved.
      groups = AlertGroups.restore(JSON.parse(JSON.stringify(groups.state())));
    }
  }
  expect(groups.size).toBe(5_000);
  expect(itemsIn(groups)).toBeLessThanOrEqual(20_000);
  expect(JSON.stringify(groups.state()).length).toBeLessThan(20_000_000);

  // A group that has lost its items tells what came after, and still counts all.
  const [chat] = groups.deliveries(newsOf('111122223333:user/u1500'), settings, 1);
  expect(chat?.delivery.alert).toMatchObject({count: 31, severity: 'error'});
  expect(chat?.delivery.alert.items).toHaveLength(1);
  expect(chat?.delivery.revision).toBe(2);
  // One that had news lately has all it may have.
  const [late] = groups.deliveries(newsOf('111122223333:user/u5999'), settings, 1);
  expect(late?.delivery.alert.items).toHaveLength(20);
});
