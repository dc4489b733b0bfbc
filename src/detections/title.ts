import {EVENT_FIELDS, type EventField} from '../event/fields.ts';
import {outsideOf} from './condition/functions.ts';
import type {Compiled, Fault} from './condition/language.ts';
import {compileSelector} from './condition/selector.ts';
import type {Hit} from './evaluator.ts';

/** Longest title, and longest value in it, in UTF-16 code units. */
export const MAX_TITLE = 200;
const MAX_VALUE = 96;

export type Title = (hit: Hit) => string;

type Piece = (hit: Hit) => string;

/** Names that every hit has, beside components and the facts of its kind. */
const COMMON: Readonly<Record<string, Piece>> = {
  origin: ({event}) => event?.origin ?? '-',
  score: ({event}) => (event === null ? '-' : scoreText(event.score)),
  time: ({time}) => new Date(time).toISOString(),
  count: ({facts, count}) => facts.count ?? String(count),
  outside: ({facts, event}) =>
    facts.outside ?? (outsideOf(event?.components.resource ?? '').join(', ') || '-'),
};

/**
 * Reads a template: `{{name}}` is a component, one of `origin`, `score`, `time`, `count`,
 * `outside`, or a fact of the hit; `{{$.path}}` is a text of the record. What it gives is one line;
 * values are data, from which what would hide or reorder text is taken.
 *
 * @param facts names that the hits of the kind have
 */
export function compileTitle(template: string, facts: readonly string[] = []): Compiled<Title> {
  const pieces: Piece[] = [];
  const faults: Fault[] = [];
  if (template.length > MAX_TITLE) {
    faults.push({index: MAX_TITLE, message: `Longer than ${MAX_TITLE} characters`});
  }
  const lineBreak = template.search(/[\r\n\u2028\u2029]/);
  if (lineBreak >= 0) faults.push({index: lineBreak, message: 'A title has one line'});
  let at = 0;
  while (at < template.length) {
    const open = template.indexOf('{{', at);
    const text = template.slice(at, open < 0 ? undefined : open);
    if (text !== '') pieces.push(() => text);
    if (open < 0) break;
    const close = template.indexOf('}}', open);
    if (close < 0) {
      faults.push({index: open, message: '"{{" is never closed'});
      break;
    }
    const written = template.slice(open + 2, close);
    const name = written.trim();
    const index = open + 2 + (written.length - written.trimStart().length);
    const piece = pieceOf(name, facts);
    if (piece.ok) pieces.push(piece.value);
    else faults.push(...piece.faults.map((fault) => ({...fault, index: fault.index + index})));
    at = close + 2;
  }
  if (faults.length > 0) return {ok: false, faults};
  return {ok: true, value: (hit) => cut(pieces.map((piece) => piece(hit)).join(''), MAX_TITLE)};
}

function pieceOf(name: string, facts: readonly string[]): Compiled<Piece> {
  if (name.startsWith('$')) {
    const selector = compileSelector(name);
    if (!selector.ok) return selector;
    const {value} = selector;
    return {ok: true, value: ({event}) => (event === null ? '-' : safeText(value(event)))};
  }
  if ((EVENT_FIELDS as readonly string[]).includes(name)) {
    return {ok: true, value: (hit) => safeText(componentOf(hit, name as EventField))};
  }
  const common = Object.hasOwn(COMMON, name) ? COMMON[name] : undefined;
  if (common !== undefined) return {ok: true, value: (hit) => safeText(common(hit))};
  if (facts.includes(name)) return {ok: true, value: (hit) => safeText(hit.facts[name] ?? '-')};
  const known = [...new Set([...EVENT_FIELDS, ...Object.keys(COMMON), ...facts])].join(', ');
  return {
    ok: false,
    faults: [{index: 0, message: `There is no "${name}": it may be ${known}, or a path "$.…"`}],
  };
}

/** Of the event that completed it; where time did, of the last one that it rests on. */
function componentOf({event, evidence}: Hit, field: EventField): string {
  if (event !== null) return event.components[field];
  const note = evidence.at(-1);
  if (note === undefined) return '-';
  switch (field) {
    case 'principal':
    case 'operation':
    case 'account':
    case 'region':
    case 'error':
    case 'resource':
      return note[field];
    default:
      return '-';
  }
}

/** Never rounded up: 0.9899 is not 0.99. */
function scoreText(score: number): string {
  return (Math.floor(score * 10_000) / 10_000).toString();
}

// Controls, bidirectional marks and overrides, what has no width, tags, halves of pairs.
const HIDING =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|[\u115f\u1160\u2065\u3164\uffa0]|\p{Default_Ignorable_Code_Point}/gu;

/** A value as a part of one line: nothing in it can break, hide or reorder text. */
export function safeText(value: string): string {
  return cut(
    value
      .slice(0, 4 * MAX_VALUE)
      // White space last: what hid between two spaces leaves one.
      .replace(HIDING, (mark) => (/\s/.test(mark) ? ' ' : ''))
      .replace(/\s+/g, ' '),
    MAX_VALUE,
  );
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const short = text.slice(0, length - 1);
  // Not through a pair.
  return `${/[\ud800-\udbff]$/.test(short) ? short.slice(0, -1) : short}…`;
}
