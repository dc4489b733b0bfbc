import {expect, test} from 'vitest';
import {createLog} from '../../telemetry/log.ts';
import {logText} from './log-text.ts';

test('a line of the log as people read it, and one line whatever is in it', () => {
  let line = '';
  const log = createLog('info', {
    write: (text) => {
      line += text;
    },
  });
  log.warn({source: 'a\nb\u001b[31m', retryIn: 100}, 'The source\r\nis away\u202e');
  const text = logText(line);
  expect(text).toMatch(
    /^\d\d:\d\d:\d\d warn {2}The source\uFFFD\uFFFDis away\uFFFD {2}source=a\uFFFDb\uFFFD\[31m {2}retryIn=100\n$/,
  );
});
