import {chainNote} from '../app/chain-note.ts';
import {displayOf} from '../app/display.ts';
import type {EventView} from '../app/score-trail.ts';
import {TopEvents} from '../app/top-events.ts';
import {cutScore} from '../base/score-text.ts';
import {oneOf} from './options.ts';
import {type Output, plainJson} from './output.ts';
import {runScoring, type ScoringOptions} from './scoring.ts';
import {table} from './table.ts';

export interface ScoreOptions extends ScoringOptions {
  readonly format: string;
  readonly top: number;
  readonly minScore?: number;
  readonly failOver?: number;
}

/** Lines gathered before they are written. */
const LINES = 512;

export async function scoreCommand(
  paths: readonly string[],
  options: ScoreOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const format = oneOf('--format', options.format, ['table', 'jsonl', 'csv']);
  const minScore = options.minScore ?? 0;
  const failOver = options.failOver ?? Number.POSITIVE_INFINITY;
  let found = false;
  const top = new TopEvents<Row>(options.top);
  let lines: string[] = format === 'csv' ? [CSV_HEAD] : [];
  const write = async () => {
    const text = lines.join('');
    lines = [];
    if (text !== '') await output.write(text);
  };

  const code = await runScoring(paths, options, output, signal, {
    visit(event) {
      if (event.score > failOver) found = true;
      if (event.score < minScore) return;
      if (format === 'jsonl') lines.push(jsonLine(event));
      else if (format === 'csv') lines.push(csvLine(event));
      else if (top.wants(event.score, event.rank)) top.add(event.score, event.rank, rowOf(event));
    },
    breathe: () => (lines.length >= LINES ? write() : undefined),
  });
  if (format === 'table') await output.write(tableOf(top.sorted(), output));
  else await write();
  return code === 0 && found ? 1 : code;
}

function jsonLine(event: EventView): string {
  const json = JSON.stringify({
    eventId: event.eventId(),
    eventTime: timeText(event.time),
    account: event.text('account'),
    principal: event.entity(),
    operation: event.text('operation'),
    score: rounded(event.score),
    bits: event.bits(),
    mostNovel: event.mostNovel() ?? null,
    reason: event.explain()?.sentence ?? '',
    source: event.source(),
  });
  return `${plainJson(json)}\n`;
}

const CSV_HEAD =
  'eventId,eventTime,account,principal,operation,score,mostNovelFacet,mostNovelValue,' +
  'mostNovelBits,reason,file,index\n';

function csvLine(event: EventView): string {
  const novel = event.mostNovel();
  const {file, index} = event.source();
  const cells = [
    event.eventId(),
    timeText(event.time),
    event.text('account'),
    event.entity(),
    event.text('operation'),
    String(rounded(event.score)),
    novel?.facet ?? '',
    novel?.value ?? '',
    String(novel?.bits ?? ''),
    event.explain()?.sentence ?? '',
    file,
    String(index),
  ];
  return `${cells.map(csvCell).join(',')}\n`;
}

/** Quoted where needed; a leading sign that a spreadsheet would take for a formula is defused. */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

interface Row {
  readonly time: number;
  readonly score: number;
  readonly principal: string;
  readonly operation: string;
  readonly eventId: string;
  readonly why: string;
}

export function rowOf(event: EventView): Row {
  const chain = chainNote(event.text('principal'), event.origin);
  const reason = event.explain()?.sentence ?? '';
  return {
    time: event.time,
    score: event.score,
    principal: displayOf(event.entityField(), event.entity()),
    operation: event.text('operation'),
    eventId: event.eventId(),
    why: [reason, chain].filter(Boolean).join('; '),
  };
}

export function tableOf(rows: readonly Row[], output: Output): string {
  if (rows.length === 0) return 'No events.\n';
  return table(
    [
      {title: 'time (UTC)'},
      {title: 'score', align: 'right'},
      {title: 'principal'},
      {title: 'operation'},
      {title: 'why', flexible: true},
    ],
    rows.map(({time, score, principal, operation, why}) => [
      timeText(time).slice(0, 19).replace('T', ' '),
      scoreText(score),
      principal,
      operation,
      why,
    ]),
    output.columns,
  );
}

/** Cut, not rounded: 0.98996 must not read 0.990. */
export function scoreText(score: number): string {
  return cutScore(score, 4);
}

/** Seconds, and milliseconds only where there are any. */
export function timeText(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

/** Nine decimals: finer than any score is known, and enough to keep the order of the highest. */
function rounded(score: number): number {
  return Math.round(score * 1e9) / 1e9;
}
