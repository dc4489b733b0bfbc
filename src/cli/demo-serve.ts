import {principalName} from '../app/display.ts';
import {
  deliverLive,
  type LiveDemoOptions,
  learnt,
  prepareLiveDemo,
  startLiveDemo,
  storyOf,
} from '../app/service/live-demo.ts';
import {serviceLog} from '../app/service/service-log.ts';
import type {Output} from './output.ts';
import {count} from './progress.ts';
import {untilEnded, writeLine} from './run.ts';
import {tableOf} from './score.ts';

export type DemoServeOptions = Omit<LiveDemoOptions, 'log' | 'version'> & {
  readonly untilDone?: boolean;
};

/** The whole service over a simulated trail: learns some days, then raul's story comes live. */
export async function demoServe(
  options: DemoServeOptions,
  version: string,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const {days, seed, out} = options;
  output.note(`Simulating ${days} days of an organisation's CloudTrail (seed ${seed}) in ${out} …`);
  const prepared = await prepareLiveDemo(options, Date.now(), signal);
  output.note(`${count(prepared.events)} events in ${count(prepared.files)} files.`);
  const log = serviceLog(
    {level: 'warn', format: 'auto'},
    {interactive: output.interactive, line: (text) => output.warn(text)},
  );
  const service = await startLiveDemo(
    prepared,
    {...options, version, log},
    {
      note: (text) => output.note(text),
      alert: (line) => writeLine(line, output),
    },
    signal,
  );
  const ended = untilEnded(service, output, signal);
  try {
    await output.write(`\nOddtrail is at ${output.style('bold', service.url)}\n\n`);
    output.note(`Learning all but the last of these days; nothing is alerted meanwhile …`);
    await learnt(service, () => {}, signal);
    const {observations} = await service.status();
    output.note(
      `${count(observations)} events learnt. Now the last day comes in, an hour in about two ` +
        'seconds; in the evening, slower, something is not as it should be.\n' +
        'What scores 0.95 or more (1 event in 400):\n',
    );
    await deliverLive(prepared, options.haste, signal);
    if (!signal.aborted) {
      await tell(await storyOf(service, prepared, signal), output);
    }
  } catch (error) {
    // Stopped in the middle: what it was doing is no fault.
    if (!signal.aborted) {
      await service.stop();
      throw error;
    }
  }
  if (options.untilDone === true) await service.stop();
  else if (!signal.aborted) output.note(`Look at it at ${service.url}; Ctrl-C ends it.`);
  return ended;
}

async function tell(story: Awaited<ReturnType<typeof storyOf>>, output: Output): Promise<void> {
  await output.write("\nraul's story, every event of his over 0.95 in order of time:\n\n");
  const rows = story.map(({eventTime, score, dimensions, eventId, reason}) => ({
    time: eventTime,
    score,
    principal: principalName(dimensions.principal),
    operation: dimensions.operation,
    eventId,
    why: reason ?? '',
  }));
  await output.write(`${tableOf(rows, output)}\n`);
}
