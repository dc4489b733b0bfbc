import {scoreText} from '../base/score-text.ts';
import type {Alert, Alerter, AlertItem, Delivery, DeliveryResult} from '../pipeline/alert.ts';
import {destinationUrl, post, resultOf} from './http-delivery.ts';
import {clip, oneLine, timeText} from './text.ts';

export interface PagerDutyOptions {
  /** Integration key of the service, 32 characters. Secret. */
  readonly routingKey: string;
  readonly minScore: number;
  /** Another address than PagerDuty's, such as that of the EU. */
  readonly url?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * PagerDuty Events API v2. An update is a trigger with the same `dedup_key`, which PagerDuty adds
 * to the open incident instead of paging anew.
 */
export function pagerDutyAlerter(name: string, options: PagerDutyOptions): Alerter {
  const url = destinationUrl(name, options.url ?? 'https://events.pagerduty.com/v2/enqueue');
  const timeoutMs = options.timeoutMs ?? 10_000;
  return {
    name,
    minScore: options.minScore,
    async deliver({alert}: Delivery, signal): Promise<DeliveryResult> {
      const body = JSON.stringify(pagerDutyEvent(alert, options.routingKey));
      return resultOf(await post({url, headers: {}, body, timeoutMs, signal}));
    },
    async close() {},
  };
}

/** The event as PagerDuty wants it, within its limits: summary 1,024 characters, 512 KB in all. */
export function pagerDutyEvent(alert: Alert, routingKey: string): object {
  const last = alert.items.at(-1);
  return {
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: clip(alert.key, 255),
    client: 'Oddtrail',
    ...(alert.link !== '' && {
      client_url: alert.link,
      links: [{href: alert.link, text: 'Open in Oddtrail'}],
    }),
    payload: {
      summary: clip(oneLine(alert.title), 1024),
      source: clip(oneLine(alert.principal), 255),
      severity: alert.severity,
      timestamp: timeText(alert.lastTime),
      component: clip(oneLine(last?.service ?? ''), 255),
      group: alert.account,
      class: alert.test ? 'test' : 'novelty',
      custom_details: {
        principal: clip(oneLine(alert.principal), 512),
        account: alert.account,
        score: scoreText(alert.score),
        observations: alert.count,
        first: timeText(alert.firstTime),
        last: timeText(alert.lastTime),
        events: alert.items.map(itemDetails),
      },
    },
  };
}

function itemDetails(item: AlertItem): object {
  return {
    time: timeText(item.eventTime),
    event_id: item.eventId,
    score: scoreText(item.score),
    operation: clip(oneLine(item.operation), 256),
    region: item.region,
    network: clip(oneLine(item.network), 256),
    user_agent: clip(oneLine(item.userAgent), 256),
    resource: clip(oneLine(item.resource), 512),
    ...(item.error !== '-' && {error: clip(oneLine(item.error), 256)}),
    why: clip(oneLine(item.reason), 1024),
  };
}
