import {displayOf} from '../app/display.ts';
import {readRecord} from '../app/read-record.ts';
import type {EventView} from '../app/score-trail.ts';
import {touchedBy} from '../app/touched.ts';
import {oneOf} from './options.ts';
import {type Output, plain} from './output.ts';
import {scoreText, timeText} from './score.ts';
import {type ReadingOptions, runScoring} from './scoring.ts';
import {table} from './table.ts';

export interface ExplainCommandOptions extends ReadingOptions {
  readonly model?: string;
  readonly format: string;
}

/** What is told of one event. */
interface Told {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly explanation: ReturnType<EventView['explain']>;
  readonly place: {readonly offset: number; readonly length: number};
  readonly file: string;
}

export async function explainCommand(
  eventId: string,
  paths: readonly string[],
  options: ExplainCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const format = oneOf('--format', options.format, ['text', 'json']);
  let told: Told | undefined;
  // A model has most likely learnt the event already: then it is judged as if it had not. Without a
  // model, the paths themselves are the history, up to the event.
  const byModel = options.model !== undefined;
  const code = await runScoring(
    paths,
    {...options, learn: !byModel, ...(byModel && {judge: 'without'})},
    output,
    signal,
    {
      visit(event) {
        if (event.eventId() !== eventId) return;
        told = tell(event);
        return false;
      },
    },
  );
  if (told === undefined) {
    output.warn(`No event "${eventId}" under ${paths.map((path) => `"${path}"`).join(', ')}`);
    return code === 0 ? 2 : code;
  }
  const {offset, length} = told.place;
  const record = await readRecord(told.file, offset, length);
  const touched = touchedBy(record);
  if (format === 'json') {
    const {facts, explanation} = told;
    await output.write(`${JSON.stringify({...facts, explanation, touched, record}, null, 2)}\n`);
  } else {
    await output.write(describe(told, touched, record, output));
  }
  return code;
}

function tell(event: EventView): Told {
  const {file} = event.source();
  const scored = event.verdict?.scored;
  return {
    facts: {
      eventId: event.eventId(),
      eventTime: timeText(event.time),
      account: event.text('account'),
      principal: event.entity(),
      ...(event.origin !== undefined && {origin: event.origin}),
      operation: event.text('operation'),
      score: event.score,
      surpriseBits: scored?.surprise ?? 0,
      campaignBits: scored?.raised ?? 0,
      recentEvidenceBits: scored?.evidence ?? 0,
      components: Object.fromEntries(
        event.detector.columns.map((column) => [column, event.text(column)]),
      ),
      bits: event.bits(),
      source: event.source(),
    },
    explanation: event.explain(),
    place: event.place(),
    file,
  };
}

function describe(
  {facts, explanation}: Told,
  touched: readonly {kind: string; id: string}[],
  record: unknown,
  output: Output,
): string {
  const {components, bits, source, ...plainFacts} = facts as Record<string, unknown> & {
    components: Record<string, string>;
    source: {file: string; index: number};
    score: number;
  };
  void bits;
  const lines: string[] = [];
  const sentence = explanation?.sentence ?? '';
  lines.push(
    `${output.style('bold', scoreText(plainFacts.score as number))}  ${plain(sentence)}`,
    '',
  );
  const number = (value: unknown) =>
    typeof value === 'number' ? String(Math.round(value * 100) / 100) : String(value);
  for (const [name, value] of Object.entries(plainFacts)) {
    const text = name === 'score' ? scoreText(value as number) : number(value);
    lines.push(`${name.padEnd(20)}${plain(text)}`);
  }
  lines.push(`${'source'.padEnd(20)}${plain(source.file)} record ${source.index}`);
  for (const [name, value] of Object.entries(components)) {
    if (name in plainFacts) continue;
    lines.push(`${name.padEnd(20)}${plain(displayOf(name, value))}`);
  }
  lines.push('');
  const facets = [...(explanation?.facets ?? [])].sort((a, b) => b.share - a.share);
  lines.push(
    table(
      [
        {title: 'facet'},
        {title: 'bits', align: 'right'},
        {title: 'share', align: 'right'},
        {title: 'known to'},
        {title: 'seen', align: 'right'},
        {title: 'first seen'},
        {title: 'last seen'},
        {title: 'what, and what is usual', flexible: true},
      ],
      facets.map((facet) => {
        const own = facet.levels[0];
        const usual = facet.usual.map(({value, share}) => `${value} ${Math.round(share * 100)} %`);
        return [
          facet.facet,
          facet.bits.toFixed(1),
          `${Math.round(facet.share * 100)} %`,
          facet.knownTo,
          own === undefined ? '' : `${own.times} of ${own.totalTimes}`,
          day(own?.firstSeen),
          day(own?.lastSeen),
          `${facet.value}${usual.length > 0 ? `; usual: ${usual.join(', ')}` : ''}`,
        ];
      }),
      output.columns,
    ),
  );
  if (touched.length > 0) {
    lines.push(`touched: ${plain(touched.map(({kind, id}) => `${kind} ${id}`).join(', '))}`, '');
  }
  lines.push('record:');
  lines.push(
    record === undefined
      ? '  (cannot be read again)'
      : JSON.stringify(record, null, 2).split('\n').map(plain).join('\n'),
  );
  return `${lines.join('\n')}\n`;
}

function day(time: number | undefined): string {
  if (time === undefined || Number.isNaN(time)) return 'never';
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}
