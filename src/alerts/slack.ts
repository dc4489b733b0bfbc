import {scoreText} from '../base/score-text.ts';
import type {Alert, Alerter, AlertItem, Delivery, DeliveryResult} from '../pipeline/alert.ts';
import {destinationUrl, post, resultOf} from './http-delivery.ts';
import {clip, oneLine, timeText} from './text.ts';

export interface SlackOptions {
  /** Address of the incoming webhook. Secret. */
  readonly url: string;
  readonly minScore: number;
  readonly timeoutMs?: number | undefined;
}

/** Items told in full in one message; the rest are counted. */
const MOST_ITEMS = 8;

/**
 * A Slack incoming webhook. It can neither edit nor thread, so the first message tells the alert
 * and each later one only what is new.
 */
export function slackAlerter(name: string, options: SlackOptions): Alerter {
  const url = destinationUrl(name, options.url);
  const timeoutMs = options.timeoutMs ?? 10_000;
  return {
    name,
    minScore: options.minScore,
    async deliver(delivery: Delivery, signal): Promise<DeliveryResult> {
      const body = JSON.stringify(slackMessage(delivery));
      return resultOf(await post({url, headers: {}, body, timeoutMs, signal}));
    },
    async close() {},
  };
}

/** The message, within the limits of Block Kit. */
export function slackMessage({alert, news, revision}: Delivery): object {
  const first = revision === 1;
  const told = news.slice(-MOST_ITEMS);
  const left = news.length - told.length;
  const blocks: object[] = [];
  if (first) {
    blocks.push({
      type: 'header',
      text: {type: 'plain_text', text: clip(oneLine(alert.title), 150), emoji: false},
    });
  }
  for (const item of told) {
    blocks.push({type: 'section', text: {type: 'mrkdwn', text: itemText(item)}});
  }
  const more = left > 0 ? ` · ${left} more, not shown` : '';
  blocks.push({
    type: 'context',
    elements: [{type: 'mrkdwn', text: clip(`${factsOf(alert, first)}${more}`, 2000)}],
  });
  return {
    // What notifications and screen readers show.
    text: clip(escapeMrkdwn(oneLine(alert.title)), 3000),
    unfurl_links: false,
    unfurl_media: false,
    blocks,
  };
}

function itemText(item: AlertItem): string {
  const facts = [
    timeText(item.eventTime),
    item.account,
    item.region,
    item.network,
    item.userAgent,
    item.resource,
    item.error,
  ].filter((fact) => fact !== '' && fact !== '-');
  return [
    `*${scoreText(item.score)}* \`${code(item.operation)}\``,
    clip(escapeMrkdwn(oneLine(item.reason)), 1200),
    clip(escapeMrkdwn(oneLine(facts.join(' · '))), 900),
    `\`${code(item.eventId)}\``,
  ].join('\n');
}

function factsOf(alert: Alert, first: boolean): string {
  const link = alert.link === '' ? '' : ` · <${linkText(alert.link)}|Open in Oddtrail>`;
  const what = `${alert.count} observation${alert.count === 1 ? '' : 's'} since ${timeText(alert.firstTime)}`;
  const who = clip(escapeMrkdwn(oneLine(alert.principal)), 300);
  return `${alert.test ? 'Test · ' : ''}${first ? who : `More of ${who}`} · ${what}${link}`;
}

/**
 * Text that stays text: `<!channel>`, `<@U1>` and links need the angle brackets, and marks such as
 * `*` or `_` may not run from what a record says into what we say.
 */
export function escapeMrkdwn(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[*_~`]/g, (mark) => `${mark}\u200b`)
    .replace(/@(?=channel|here|everyone)/gi, '@\u200b');
}

/** For between backticks. */
function code(text: string): string {
  return clip(escapeMrkdwn(oneLine(text).replace(/`/g, "'")), 256).replace(/\u200b/g, '');
}

/** A link may hold no bracket and no bar. */
function linkText(link: string): string {
  return link
    .replace(/&/g, '&amp;')
    .replace(/</g, '%3C')
    .replace(/>/g, '%3E')
    .replace(/\|/g, '%7C');
}
