import type {Parsed, Problem} from '../config/parse.ts';

/** What is known about one event: part of an attack, or not to be judged at all. */
export type TruthEntry =
  | {readonly campaign: string; readonly scenario: string}
  | {readonly ignore: true};

/** What is known, by `eventID`. An event that is not in it is held to be benign. */
export type Truth = ReadonlyMap<string, TruthEntry>;

/**
 * Reads a truth file: one JSON object a line, `{"eventId", "campaign", "scenario"}` for an event of
 * an attack or `{"eventId", "ignore": true}` for one to leave out of every measure, whatever campaign
 * it names. Blank lines are skipped and further keys allowed. Reports every faulty line, not just the first; an event that is
 * given twice is a fault only when the two lines disagree.
 */
export function parseTruth(file: string, text: string): Parsed<Truth> {
  const truth = new Map<string, TruthEntry>();
  const lineOf = new Map<string, number>();
  const problems: Problem[] = [];

  let line = 0;
  for (const raw of text.replace(/^\uFEFF/, '').split('\n')) {
    line++;
    if (raw.trim() === '') continue;
    const problem = (column: number, path: string, message: string) =>
      problems.push({file, line, column, path, message});

    const parsed = parseObject(raw);
    if ('fault' in parsed) {
      problem(parsed.column, '', parsed.fault);
      continue;
    }
    const {eventId, campaign, scenario, ignore} = parsed.value;
    const before = problems.length;
    const wantText = (key: string, value: unknown) => {
      if (typeof value === 'string' && value !== '') return;
      const found = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
      problem(columnOf(raw, key), key, `"${key}" ${found}, wanted a text that is not empty`);
    };
    wantText('eventId', eventId);
    if (ignore !== undefined && typeof ignore !== 'boolean') {
      const message = `"ignore" is ${JSON.stringify(ignore)}, wanted true or false`;
      problem(columnOf(raw, 'ignore'), 'ignore', message);
    } else if (ignore !== true) {
      wantText('campaign', campaign);
      wantText('scenario', scenario);
    }
    if (problems.length > before) continue;

    const id = eventId as string;
    const entry: TruthEntry =
      ignore === true
        ? {ignore: true}
        : {campaign: campaign as string, scenario: scenario as string};
    const earlier = truth.get(id);
    if (earlier !== undefined && !sameEntry(earlier, entry)) {
      const message = `Event "${id}" is given differently on line ${lineOf.get(id)}`;
      problem(columnOf(raw, 'eventId'), 'eventId', message);
      continue;
    }
    truth.set(id, entry);
    if (earlier === undefined) lineOf.set(id, line);
  }
  return problems.length === 0 ? {ok: true, value: truth} : {ok: false, problems};
}

type ParsedLine = {value: Record<string, unknown>} | {fault: string; column: number};

function parseObject(line: string): ParsedLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    // The runtime tells the place only in the text of its message, and not for every fault.
    const position = /at position (\d+)/.exec((error as SyntaxError).message)?.[1];
    return {fault: 'Line is not valid JSON', column: Number(position ?? 0) + 1};
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return {fault: 'Line is not a JSON object', column: 1 + line.length - line.trimStart().length};
  }
  return {value: value as Record<string, unknown>};
}

/** Column of a key, or of the object's beginning when it has no such key. */
function columnOf(line: string, key: string): number {
  const match = new RegExp(`"${key}"\\s*:`).exec(line);
  return (match?.index ?? line.length - line.trimStart().length) + 1;
}

function sameEntry(a: TruthEntry, b: TruthEntry): boolean {
  if ('ignore' in a || 'ignore' in b) return 'ignore' in a && 'ignore' in b;
  return a.campaign === b.campaign && a.scenario === b.scenario;
}
