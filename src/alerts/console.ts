import {scoreText} from '../base/score-text.ts';
import type {Alerter, Delivery, DeliveryResult} from '../pipeline/alert.ts';
import {clip, oneLine, timeText} from './text.ts';

/** One line for each new item, to wherever `write` goes. */
export function consoleAlerter(
  name: string,
  options: {readonly minScore: number},
  write: (line: string) => void,
): Alerter {
  return {
    name,
    minScore: options.minScore,
    async deliver({alert, news}: Delivery): Promise<DeliveryResult> {
      const tell = (facts: readonly string[]): void => {
        const line = clip(facts.map(oneLine).join('  '), 500);
        write(alert.test ? `test  ${line}` : line);
      };
      const {detection} = alert;
      if (detection !== undefined) {
        tell([detection.severity, timeText(alert.lastTime), detection.id, alert.title]);
      }
      for (const {score, eventTime, operation, reason} of detection === undefined ? news : []) {
        tell([scoreText(score), timeText(eventTime), operation, reason]);
      }
      return {ok: true, status: 'written'};
    },
    async close() {},
  };
}
