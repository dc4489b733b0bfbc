import {readFile} from 'node:fs/promises';
import {ALERT_BUDGETS, Evaluation, type EvaluationResult} from '../app/evaluation.ts';
import {InputFault} from '../app/input-fault.ts';
import {parseTruth, type Truth} from '../app/truth.ts';
import {AppError} from '../base/errors.ts';
import {oneOf} from './options.ts';
import type {Output} from './output.ts';
import {runScoring, type ScoringOptions} from './scoring.ts';
import {table} from './table.ts';

export interface EvaluateOptions extends ScoringOptions {
  readonly truth: string;
  readonly format: string;
  readonly judgeFrom?: number;
}

export async function evaluateCommand(
  paths: readonly string[],
  options: EvaluateOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const format = oneOf('--format', options.format, ['table', 'json']);
  const truth = await readTruth(options.truth);
  const evaluation = new Evaluation(truth, {judgeFromMs: options.judgeFrom});
  const code = await runScoring(paths, options, output, signal, {
    visit(event) {
      evaluation.add({
        eventId: event.eventId(),
        timeMs: event.time,
        principal: event.entity(),
        score: event.score,
        rank: event.rank,
      });
    },
  });
  const result = evaluation.result();
  if (format === 'json') await output.write(`${JSON.stringify(result)}\n`);
  else await output.write(describe(result));
  return code;
}

async function readTruth(file: string): Promise<Truth> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new AppError('usage', `Cannot read truth file "${file}"`, {cause});
  }
  const parsed = parseTruth(file, text);
  if (!parsed.ok) throw new InputFault(parsed.problems, text);
  return parsed.value;
}

function describe(result: EvaluationResult): string {
  const share = (value: number | null) => (value === null ? '–' : value.toFixed(3));
  const rows: [string, string][] = [
    ['average precision, by event', share(result.averagePrecision)],
    ['average precision, by campaign', share(result.campaignAveragePrecision)],
    ['ROC AUC', share(result.rocAuc)],
  ];
  for (const budget of ALERT_BUDGETS) {
    rows.push([
      `campaigns found at ${budget} false alert${budget === '1' ? '' : 's'} a day`,
      share(result.recallAt[budget]),
    ]);
  }
  const {timeToDetection: time, counts, worstFalseAlertDay: worst} = result;
  const minutes = (value: number | null) => (value === null ? '–' : `${value.toFixed(1)} min`);
  rows.push(
    [`time to detection at ${time.falseAlertsPerDay} a day, median`, minutes(time.medianMinutes)],
    ['… at the 90th percentile', minutes(time.p90Minutes)],
    ['events judged', String(counts.attack + counts.benign)],
    ['attack events, in campaigns', `${counts.attack} in ${counts.campaigns}`],
    ['days judged', String(counts.days)],
  );
  if (worst !== null) rows.push(['worst day', `${worst.day}: ${worst.falseAlerts} false alerts`]);
  if (counts.truthNotSeen > 0) {
    rows.push(['events the truth names that never came', String(counts.truthNotSeen)]);
  }
  const kinds = Object.entries(result.scenarios).map(([name, {campaigns, recallAt}]) => [
    name,
    String(campaigns),
    ...ALERT_BUDGETS.map((budget) => recallAt[budget].toFixed(2)),
  ]);
  const summary = table([{title: 'measure'}, {title: 'value', align: 'right'}], rows, 120);
  if (kinds.length === 0) return summary;
  const columns = [
    {title: 'scenario'},
    {title: 'campaigns', align: 'right' as const},
    ...ALERT_BUDGETS.map((budget) => ({title: `R@${budget}`, align: 'right' as const})),
  ];
  return `${summary}\n${table(columns, kinds, 120)}`;
}
