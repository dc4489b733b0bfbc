import {createLog, type Logger} from '../../telemetry/log.ts';
import type {Config} from './config.ts';
import {logText} from './log-text.ts';

/** The log as configured; lines go to `output`, as people read them on a terminal, else as JSON. */
export function serviceLog(
  {level, format}: Config['log'],
  output: {readonly interactive: boolean; line(text: string): void},
): Logger {
  const text = format === 'text' || (format === 'auto' && output.interactive);
  return createLog(level, {
    write: (line) => output.line((text ? logText(line) : line).trimEnd()),
  });
}
