import {loadConfig} from '../app/service/load-config.ts';
import type {RunningService} from '../app/service/running.ts';
import {serviceLog} from '../app/service/service-log.ts';
import {startService} from '../app/service/start.ts';
import {messageOf} from '../base/errors.ts';
import {type Output, plain} from './output.ts';

export interface RunOptions {
  readonly config: string;
}

/** Runs the service until it is told to end. */
export async function runCommand(
  options: RunOptions,
  version: string,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const loaded = await loadConfig(options.config);
  const service = await startService(loaded, {
    version,
    signal,
    log: serviceLog(loaded.config.log, {
      interactive: output.interactive,
      line: (text) => output.warn(text),
    }),
    write: (line) => writeLine(line, output),
  });
  output.note(`Oddtrail is at ${service.url}`);
  return untilEnded(service, output, signal);
}

/** A line of the console destination. Nobody waits for it: when it cannot be written, that is said. */
export function writeLine(line: string, output: Output): void {
  output.write(`${plain(line)}\n`).catch((error: unknown) => {
    output.warn(messageOf(error));
  });
}

/** Waits for the end of a service; a hang-up makes it read its configuration again. */
export async function untilEnded(
  service: RunningService,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const onHangUp = () => {
    service.reloadBySignal().catch((error: unknown) => {
      output.warn(messageOf(error));
    });
  };
  const onAbort = () => void service.stop();
  process.on('SIGHUP', onHangUp);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, {once: true});
  try {
    const failure = await service.ended;
    if (failure !== undefined) throw failure;
    return 0;
  } finally {
    process.off('SIGHUP', onHangUp);
    signal.removeEventListener('abort', onAbort);
  }
}
