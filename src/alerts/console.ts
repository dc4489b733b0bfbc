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
      for (const item of news) {
        const facts = [
          scoreText(item.score),
          timeText(item.eventTime),
          item.operation,
          item.reason,
        ];
        const line = clip(facts.map(oneLine).join('  '), 500);
        write(alert.test ? `test  ${line}` : line);
      }
      return {ok: true, status: 'written'};
    },
    async close() {},
  };
}
