import {join} from 'node:path';
import {ReportBuilder} from '../app/build-report.ts';
import {renewDemoPart} from '../app/demo-folder.ts';
import {displayOf} from '../app/display.ts';
import {writeSimulation} from '../app/simulate-to-folder.ts';
import {TopEvents} from '../app/top-events.ts';
import type {TrailSummary} from '../app/trail.ts';
import {AppError} from '../base/errors.ts';
import type {Output} from './output.ts';
import {count} from './progress.ts';
import {writeReport} from './report.ts';
import {rowOf, tableOf} from './score.ts';
import {runScoring} from './scoring.ts';

export interface DemoOptions {
  readonly out: string;
  readonly seed: number;
  readonly days: number;
  readonly eventsPerDay: number;
}

/** From nothing to a story: a trail with raul's in it, scored, printed and drawn. */
export async function demo(
  options: DemoOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const {out, seed, days, eventsPerDay} = options;
  if (days < 3) throw new AppError('usage', '--days must be 3 or more: the story needs a history');
  output.note(
    `Simulating ${days} days of an organisation's CloudTrail (seed ${seed}) in ${join(out, 'trail')} …`,
  );
  const trail = await renewDemoPart(out, 'trail');
  const simulated = await writeSimulation(
    {seed, days, eventsPerDay, scenarios: ['raul']},
    trail,
    () => {
      if (signal.aborted) throw new AppError('interrupted', 'Interrupted while simulating');
    },
  );
  output.note(`${count(simulated.events)} events in ${count(simulated.files)} files. Scoring …`);

  const builder = new ReportBuilder({title: 'Oddtrail demo', top: 100});
  const top = new TopEvents<ReturnType<typeof rowOf>>(20);
  const raul = new TopEvents<ReturnType<typeof rowOf>>(40);
  let summary: TrailSummary | undefined;
  const code = await runScoring([join(trail, 'AWSLogs')], {scanner: 'fast'}, output, signal, {
    visit(event) {
      builder.add(event);
      if (top.wants(event.score, event.rank)) top.add(event.score, event.rank, rowOf(event));
      if (event.score >= 0.95 && displayOf('principal', event.entity()) === 'raul') {
        raul.add(event.score, event.rank, rowOf(event));
      }
    },
    finished: (result) => {
      summary = result;
    },
  });
  await output.write('\nThe most novel events of all:\n\n');
  await output.write(tableOf(top.sorted(), output));
  const story = raul.sorted().sort((a, b) => a.time - b.time);
  if (story.length > 0) {
    await output.write("\nraul's story, every event of his over 0.95 in order of time:\n\n");
    await output.write(tableOf(story, output));
  }
  await output.write('\n');
  if (summary !== undefined) await writeReport(join(out, 'report.html'), builder, summary, output);
  output.note(`Next: oddtrail score ${join(trail, 'AWSLogs')} --format jsonl, or your own logs.`);
  return code;
}
