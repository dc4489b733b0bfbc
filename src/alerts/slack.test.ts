import {expect, test} from 'vitest';
import {deliveryOf, testHttpAlerter} from '../../test/contract/alerter.ts';
import {escapeMrkdwn, slackAlerter, slackMessage} from './slack.ts';

testHttpAlerter('slack', {
  make: (url, timeoutMs) => slackAlerter('chat', {url, timeoutMs, minScore: 0.95}),
});

interface Message {
  readonly text: string;
  readonly blocks: readonly {type: string; text?: {text: string}; elements?: {text: string}[]}[];
}

test('tells the alert first, and then only the news', () => {
  const delivery = deliveryOf({title: 'raul has never called ec2:CreateSnapshot'});
  const first = slackMessage(delivery) as Message;
  expect(first.text).toBe('raul has never called ec2:CreateSnapshot');
  expect(first.blocks.map(({type}) => type)).toEqual(['header', 'section', 'context']);
  const later = slackMessage({...delivery, revision: 2}) as Message;
  expect(later.blocks.map(({type}) => type)).toEqual(['section', 'context']);
  expect(later.blocks[1]?.elements?.[0]?.text).toContain('More of');
});

test('nothing in a record calls people or becomes a link', () => {
  const hostile = '<!channel> <@U1> <https://evil.example|click> @here & *bold*';
  const delivery = deliveryOf(
    {title: hostile, principal: hostile},
    {reason: hostile, operation: hostile},
  );
  const {text, blocks} = slackMessage(delivery) as Message;
  // A header is plain text: nothing in it is read as a command.
  const marked = blocks
    .filter(({type}) => type !== 'header')
    .map((block) => block.text?.text ?? block.elements?.[0]?.text);
  expect(marked).toHaveLength(2);
  for (const each of [text, ...marked]) expect(each).not.toMatch(/<!|<@|<https:\/\/evil/);
  expect(escapeMrkdwn('a < b & c > d')).toBe('a &lt; b &amp; c &gt; d');
});

test('keeps the limits of Block Kit', () => {
  const delivery = deliveryOf(
    {title: 't'.repeat(5000)},
    {reason: '<'.repeat(9000), resource: 'r'.repeat(9000)},
  );
  const item = delivery.news[0]!;
  const {text, blocks} = slackMessage({
    ...delivery,
    news: Array.from({length: 100}, () => item),
  }) as Message;
  expect(text.length).toBeLessThanOrEqual(3000);
  expect(blocks.length).toBeLessThanOrEqual(50);
  for (const block of blocks) {
    const most = block.type === 'header' ? 150 : 3000;
    expect((block.text?.text ?? block.elements?.[0]?.text ?? '').length).toBeLessThanOrEqual(most);
  }
});
