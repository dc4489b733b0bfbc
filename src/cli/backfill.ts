import {hasHistory} from '../app/service/adapters.ts';
import {loadConfig} from '../app/service/load-config.ts';
import {serviceLog} from '../app/service/service-log.ts';
import {startService} from '../app/service/start.ts';
import {AppError} from '../base/errors.ts';
import type {Output} from './output.ts';
import {count} from './progress.ts';
import {untilEnded, writeLine} from './run.ts';

export interface BackfillOptions {
  readonly config: string;
  readonly since: number;
  readonly untilDone?: boolean;
}

/** Learns what happened since, without alerts, then goes on as `run` does. */
export async function backfillCommand(
  options: BackfillOptions,
  version: string,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const loaded = await loadConfig(options.config);
  const {sources} = loaded.config;
  if (!sources.some(hasHistory)) {
    throw new AppError(
      'usage',
      'No source of the configuration knows what happened before: add one of type directory, s3, ' +
        'lookup-events, cloudwatch-logs or kinesis',
    );
  }
  const service = await startService(loaded, {
    version,
    signal,
    backfillSince: options.since,
    log: serviceLog(loaded.config.log, {
      interactive: output.interactive,
      line: (text) => output.warn(text),
    }),
    write: (line) => writeLine(line, output),
  });
  output.note(`Oddtrail is at ${service.url}`);
  const ended = untilEnded(service, output, signal);
  const left = sources.filter((each) => !hasHistory(each)).map(({name}) => name);
  if (left.length > 0) output.note(`Read once the others have caught up: ${left.join(', ')}`);
  const began = performance.now();
  let told = began;
  while (service.backfilling && !signal.aborted) {
    const over = await Promise.race([ended.then(() => true), pause(500)]);
    if (over === true) return ended;
    const now = performance.now();
    if (now - told < (output.interactive ? 2_000 : 10_000)) continue;
    told = now;
    const {observations, eventsPerSecond, sources: states} = await service.status();
    const behind = states.map(({name, state, backlog, latestEventTime}) => {
      const at = latestEventTime === null ? '' : ` ${new Date(latestEventTime).toISOString()}`;
      return `${name} ${state}${at}${backlog === null ? '' : `, ${count(backlog)} waiting`}`;
    });
    output.note(
      `Learning: ${count(observations)} events, ${count(eventsPerSecond)}/s; ${behind.join('; ')}`,
    );
  }
  if (!signal.aborted) {
    const {observations} = await service.status();
    const seconds = Math.round((performance.now() - began) / 1000);
    output.note(
      `${count(observations)} events learnt in ${seconds} s. Following live from now on.`,
    );
    if (options.untilDone === true) await service.stop();
  }
  return ended;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
