import {
  type DetectionFile,
  type Match,
  readDetectionFiles,
  readPacks,
  SEVERITIES,
  soundDetections,
} from '../app/detections.ts';
import {Hunt, type Hunted} from '../app/hunt.ts';
import {AppError} from '../base/errors.ts';
import {oneOf} from './options.ts';
import {type Output, plainJson} from './output.ts';
import {count} from './progress.ts';
import {csvCell, scoreText, timeText} from './score.ts';
import {runScoring, type ScoringOptions} from './scoring.ts';
import {table} from './table.ts';

export interface DetectionsRunOptions extends ScoringOptions {
  readonly pack?: readonly string[];
  readonly file?: readonly string[];
  readonly minSeverity: string;
  readonly score: boolean;
  readonly format: string;
}

/** Runs detections over old logs and prints what they match. */
export async function detectionsRunCommand(
  paths: readonly string[],
  options: DetectionsRunOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const format = oneOf('--format', options.format, ['table', 'jsonl', 'csv']);
  const minSeverity = oneOf('--min-severity', options.minSeverity, SEVERITIES);
  if (paths.includes('-')) {
    throw new AppError('usage', 'Records are read a second time, which "-" cannot be');
  }
  const rules = paths.find((path) => /\.ya?ml$/i.test(path));
  if (rules !== undefined) {
    throw new AppError('usage', `"${rules}" is no log: files of detections go with --file`);
  }
  if (!options.score && options.model !== undefined) {
    throw new AppError('usage', '--no-score does not go with --model');
  }
  const {detections} = soundDetections(filesOf(options), {now: Date.now()});
  const hunt = new Hunt(detections, minSeverity);
  const code = await runScoring(
    paths,
    {...options, ...(!options.score && {judge: 'read' as const})},
    output,
    signal,
    {visit: (event) => hunt.visit(event), breathe: () => hunt.breathe()},
  );
  const hunted = await hunt.finish();
  const {matches} = hunted;
  if (format === 'table') await output.write(tableOf(matches, output));
  else if (format === 'csv') await output.write([CSV_HEAD, ...matches.map(csvLine)].join(''));
  else await output.write(matches.map(jsonLine).join(''));
  tell(hunted, detections.filter(({mode}) => mode !== 'off').length, output);
  return code;
}

function filesOf({pack, file}: DetectionsRunOptions): DetectionFile[] {
  const packs = pack === undefined && file !== undefined ? [] : readPacks(pack);
  return [...packs, ...(file ?? []).flatMap(readDetectionFiles)];
}

function tell(hunted: Hunted, detections: number, output: Output): void {
  const {matches, further, failed, excluded} = hunted;
  const matching = new Set(matches.map(({detection}) => detection)).size;
  output.note(
    `${count(matches.length)} matches of ${count(matching)} of ${count(detections)} detections` +
      (excluded > 0 ? `; ${count(excluded)} events left out by exclusions` : ''),
  );
  if (further > 0) output.warn(`${count(further)} further matches are not shown`);
  for (const [id, {count: times, message}] of failed) {
    output.note(`${id}: not decided ${count(times)} times: ${message}`);
  }
}

function tableOf(matches: readonly Match[], output: Output): string {
  if (matches.length === 0) return 'No matches.\n';
  return table(
    [
      {title: 'time (UTC)'},
      {title: 'severity'},
      {title: 'detection'},
      {title: 'events', align: 'right'},
      {title: 'score', align: 'right'},
      {title: 'what', flexible: true},
    ],
    matches.map((match) => [
      timeText(match.hit.time).slice(0, 19).replace('T', ' '),
      `${match.severity}${match.mode === 'silent' ? ' (silent)' : ''}`,
      match.detection,
      String(match.hit.count),
      scoreText(highest(match)),
      match.title,
    ]),
    output.columns,
  );
}

function jsonLine(match: Match): string {
  const {detection, kind, severity, mode, key, title, hit} = match;
  const json = JSON.stringify({
    time: timeText(hit.time),
    detection,
    kind,
    severity,
    mode,
    key,
    title,
    group: hit.group,
    facts: hit.facts,
    count: hit.count,
    score: highest(match),
    events: hit.evidence.map(({time, ...note}) => ({time: timeText(time), ...note})),
  });
  return `${plainJson(json)}\n`;
}

const CSV_HEAD = 'time,severity,mode,detection,title,group,count,score,principal,eventIds\n';

function csvLine(match: Match): string {
  const {detection, severity, mode, title, hit} = match;
  const cells = [
    timeText(hit.time),
    severity,
    mode,
    detection,
    title,
    hit.group.join(' '),
    String(hit.count),
    String(highest(match)),
    hit.evidence.at(-1)?.principal ?? '',
    hit.evidence.map(({eventId}) => eventId).join(' '),
  ];
  return `${cells.map(csvCell).join(',')}\n`;
}

function highest({hit}: Match): number {
  return hit.evidence.reduce((most, {score}) => Math.max(most, score), 0);
}
