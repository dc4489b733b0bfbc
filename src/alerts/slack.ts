import {scoreText} from '../base/score-text.ts';
import type {
  Alert,
  AlertDetection,
  Alerter,
  AlertItem,
  Delivery,
  DeliveryResult,
} from '../pipeline/alert.ts';
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
  if (first && alert.detection !== undefined) {
    blocks.push({
      type: 'section',
      text: {type: 'mrkdwn', text: detectionText(alert.detection)},
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

/** Steps of the runbook told in a message. */
const MOST_STEPS = 5;

function detectionText(detection: AlertDetection): string {
  const {id, severity, techniques, facts, runbook} = detection;
  const about = [severity, `\`${code(id)}\``, ...techniques].join(' · ');
  const found = Object.entries(facts).map(([name, text]) => `${name}: ${text}`);
  const lines = [about];
  if (found.length > 0) lines.push(clip(escapeMrkdwn(oneLine(found.join(' · '))), 900));
  for (const step of runbook.slice(0, MOST_STEPS)) {
    lines.push(`• ${clip(escapeMrkdwn(oneLine(step)), 300)}`);
  }
  return clip(lines.join('\n'), 2900);
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
    ...(item.reason === '' ? [] : [clip(escapeMrkdwn(oneLine(item.reason)), 1200)]),
    clip(escapeMrkdwn(oneLine(facts.join(' · '))), 900),
    `\`${code(item.eventId)}\``,
  ].join('\n');
}

function factsOf(alert: Alert, first: boolean): string {
  const link = alert.link === '' ? '' : ` · <${linkText(alert.link)}|Open in Oddtrail>`;
  const things = alert.detection === undefined ? 'observation' : 'event';
  const what = `${alert.count} ${things}${alert.count === 1 ? '' : 's'} since ${timeText(alert.firstTime)}`;
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
