import {ReportBuilder} from '../app/build-report.ts';
import {readRecord} from '../app/read-record.ts';
import {checkReplaceable, replaceFile} from '../app/replace-file.ts';
import {renderReport} from '../app/report.ts';
import type {TrailSummary} from '../app/trail.ts';
import {AppError, messageOf} from '../base/errors.ts';
import type {Output} from './output.ts';
import {count} from './progress.ts';
import {runScoring, type ScoringOptions} from './scoring.ts';

export interface ReportCommandOptions extends ScoringOptions {
  readonly out: string;
  readonly title?: string;
  readonly top: number;
}

export async function reportCommand(
  paths: readonly string[],
  options: ReportCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  await attempt(options.out, () => checkReplaceable(options.out));
  const builder = new ReportBuilder({title: options.title ?? paths.join(' '), top: options.top});
  let summary: TrailSummary | undefined;
  const code = await runScoring(paths, options, output, signal, {
    visit: (event) => builder.add(event),
    finished: (result) => {
      summary = result;
    },
  });
  if (summary !== undefined) await writeReport(options.out, builder, summary, output);
  return code;
}

/** Reads the top events' records again and writes the page, whole or not at all. */
export async function writeReport(
  out: string,
  builder: ReportBuilder,
  summary: TrailSummary,
  output: Output,
): Promise<void> {
  const records: unknown[] = [];
  for (const {path, offset, length} of builder.topEvents()) {
    records.push(await readRecord(path, offset, length));
  }
  const html = renderReport(builder.build(summary, records));
  await attempt(out, () => replaceFile(out, html));
  output.note(`wrote ${out} (${count(html.length / 1024)} KiB); open it in a browser`);
}

async function attempt(out: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (cause) {
    const why = messageOf(cause);
    throw new AppError('output_unwritable', `Cannot write report "${out}": ${why}`, {cause});
  }
}
