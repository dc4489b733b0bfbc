// What a thousand CloudWatch patterns cost on a stream, with and without an index by operation.
// Run with `npm run bench:patterns [-- patterns events]`.
import {readFileSync} from 'node:fs';
import {parse} from 'yaml';
import {Random} from '../src/base/random.ts';
import type {DetectionEvent} from '../src/detections/event.ts';
import type {Json} from '../src/detections/json.ts';
import {compileFilter, type Filter} from '../src/detections/pattern/filter.ts';
import {compileRegex} from '../src/detections/regex.ts';
import {eventOfRecord, prepareDerivation} from '../src/event/derive.ts';
import {simulate} from '../src/simulate/simulate.ts';
import {markdownTable} from './table.ts';

const PATTERNS = Number(process.argv[2] ?? 1_000);
const EVENTS = Number(process.argv[3] ?? 40_000);
const ROUNDS = 3;

interface Sample {
  readonly time: number;
  readonly line: string;
  readonly components: DetectionEvent['components'];
}

/** The events of simulated days, each as its components and one line of JSON. */
function samples(): Sample[] {
  const derivation = prepareDerivation();
  const found: Sample[] = [];
  for (const file of simulate({seed: 'patterns', days: 10, eventsPerDay: 15_000})) {
    for (const record of file.records) {
      const time = Date.parse((record as {eventTime: string}).eventTime);
      const components = eventOfRecord(record, time, derivation);
      found.push({time, line: JSON.stringify(record), components});
      if (found.length === EVENTS) return found;
    }
  }
  return found;
}

/** The event as the engine has it: the record is parsed when somebody asks. */
class LazyEvent implements DetectionEvent {
  readonly id = '';
  readonly score = 0;
  readonly bits = {};
  readonly time: number;
  readonly components: DetectionEvent['components'];
  readonly #line: string;
  #record: Readonly<Record<string, Json>> | undefined;

  constructor({time, line, components}: Sample) {
    this.time = time;
    this.components = components;
    this.#line = line;
  }

  get origin(): string {
    return this.components.principal;
  }

  get parsed(): boolean {
    return this.#record !== undefined;
  }

  get record(): Readonly<Record<string, Json>> {
    this.#record ??= JSON.parse(this.#line) as Record<string, Json>;
    return this.#record;
  }
}

/** The CIS filters, then others of the forms that people write, over operations of the stream. */
function patterns(stream: readonly Sample[]): string[] {
  const texts: string[] = [];
  for (const name of ['verbatim', 'tuned']) {
    const file = new URL(`../detections/cis/${name}.yml`, import.meta.url);
    const {detections} = parse(readFileSync(file, 'utf8')) as {
      detections: {when: {pattern?: string; alarm?: {pattern: string}}; mode?: string}[];
    };
    for (const {when, mode} of detections) {
      if (mode !== 'silent') texts.push(when.pattern ?? when.alarm?.pattern ?? '');
    }
  }
  const operations = [...new Set(stream.map(({components}) => components.operation))];
  const random = new Random('patterns');
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const name = () => (pick(operations).split(':')[1] ?? '').trim();
  for (let i = texts.length; i < PATTERNS; i++) {
    const share = i % 100;
    const user = `user-${random.below(1_000)}`;
    if (share < 40) texts.push(`{ ($.eventName = ${name()}) || ($.eventName = ${name()}) }`);
    else if (share < 70) {
      const [service, operation] = pick(operations).split(':');
      texts.push(
        `{ ($.eventSource = "${service}.amazonaws.com") && ($.eventName = "${operation}") && ($.userIdentity.userName = "${user}" || $.requestParameters.bucketName = "*-${user}") }`,
      );
    } else if (share < 85) {
      texts.push(
        `{ ($.errorCode = "AccessDenied*") && ($.userIdentity.arn = "*/${user}") && ($.eventName != "HeadBucket") }`,
      );
    } else if (share < 95) {
      texts.push(`{ ($.userIdentity.type = "Root") && ($.sourceIPAddress != "10.${i % 256}.*") }`);
    } else if (share < 99) {
      texts.push(`{ $.userAgent = "*tool-${i}*" || $.sourceIPAddress = 198.51.${i % 256}.* }`);
    } else texts.push(`{ $.userIdentity.arn = %assumed-role/[a-z]+-${i}/% }`);
  }
  return texts;
}

interface Run {
  readonly microseconds: number;
  readonly matched: number;
  readonly asked: number;
  readonly parsed: number;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function cpu(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user;
}

function everyPattern(stream: readonly Sample[], filters: readonly Filter[]): Run {
  let matched = 0;
  let parsed = 0;
  const microseconds = cpu(() => {
    for (const sample of stream) {
      const event = new LazyEvent(sample);
      for (const filter of filters) if (filter.matches(event)) matched++;
      if (event.parsed) parsed++;
    }
  });
  return {microseconds, matched, asked: stream.length * filters.length, parsed};
}

function indexed(stream: readonly Sample[], filters: readonly Filter[]): Run {
  let matched = 0;
  let asked = 0;
  let parsed = 0;
  const index = new Map<string, Filter[]>();
  const microseconds = cpu(() => {
    for (const sample of stream) {
      const {operation, error, kind} = sample.components;
      const key = `${error === '-' ? 'ok' : 'failed'} ${kind} ${operation}`;
      let candidates = index.get(key);
      if (candidates === undefined) {
        candidates = filters.filter(
          ({needs}) =>
            (needs.operation?.(operation) ?? true) &&
            (needs.failed === undefined || error !== '-') &&
            (needs.kinds?.has(kind) ?? true),
        );
        index.set(key, candidates);
      }
      const event = new LazyEvent(sample);
      asked += candidates.length;
      for (const filter of candidates) if (filter.matches(event)) matched++;
      if (event.parsed) parsed++;
    }
  });
  return {microseconds, matched, asked, parsed};
}

function parseOnly(stream: readonly Sample[]): Run {
  let parsed = 0;
  const microseconds = cpu(() => {
    for (const sample of stream) if (new LazyEvent(sample).record !== undefined) parsed++;
  });
  return {microseconds, matched: 0, asked: 0, parsed};
}

function compileAll(texts: readonly string[]): Filter[] {
  return texts.map((text) => {
    const compiled = compileFilter(text);
    if (!compiled.ok) throw new Error(`${text}: ${JSON.stringify(compiled.problems)}`);
    return compiled.filter;
  });
}

const stream = samples();
const texts = patterns(stream);
const bytes = stream.reduce((sum, {line}) => sum + line.length, 0) / stream.length;
compileAll(texts);
let filters: Filter[] = [];
const compileMicroseconds = median(
  Array.from({length: ROUNDS}, () => cpu(() => (filters = compileAll(texts)))),
);
const needy = filters.filter(({needs}) => Object.keys(needs).length > 0);

const ways: readonly (readonly [string, readonly Sample[], () => Run])[] = [
  ['JSON.parse of every record alone', stream, () => parseOnly(stream)],
  [`${filters.length} patterns, indexed`, stream, () => indexed(stream, filters)],
  [`the ${needy.length} of them that need something`, stream, () => indexed(stream, needy)],
  [
    `${filters.length} patterns, one after the other`,
    stream.slice(0, 4_000),
    () => everyPattern(stream.slice(0, 4_000), filters),
  ],
];
const rows = ways.map(([title, events, run]) => {
  run();
  const runs = Array.from({length: ROUNDS}, run);
  const each = median(runs.map(({microseconds}) => microseconds)) / events.length;
  const [{matched, asked, parsed}] = runs as [Run];
  return [
    title,
    Math.round(1e6 / each).toLocaleString('en'),
    each.toFixed(1),
    (asked / events.length).toFixed(1),
    `${((100 * parsed) / events.length).toFixed(0)} %`,
    matched.toLocaleString('en'),
  ];
});

const check = [
  indexed(stream.slice(0, 4_000), filters).matched,
  everyPattern(stream.slice(0, 4_000), filters).matched,
];
if (check[0] !== check[1]) throw new Error(`With and without index: ${check.join(' and ')}`);

console.log(
  `${stream.length} simulated events of ${bytes.toFixed(0)} bytes; ${filters.length} patterns, ` +
    `compiled in ${(compileMicroseconds / filters.length).toFixed(0)} µs each; user CPU time, median of ${ROUNDS}\n`,
);
console.log(
  markdownTable(
    ['', 'events/s', 'µs an event', 'patterns asked an event', 'records parsed', 'matches'],
    rows,
  ),
);

const arn = 'arn:aws:sts::123456789012:assumed-role/app-web/i-0123456789abcdef0';
const regexRows = [
  'assumed-role',
  '^arn:aws:sts::',
  'role|user',
  '^arn:aws:sts::\\d+:',
  'i-[0-9a-f]+$',
].map((source) => {
  const compiled = compileRegex(source, {unanchored: true});
  if (!compiled.ok) throw new Error(compiled.message);
  const {regex} = compiled;
  let found = 0;
  const round = () => {
    for (let i = 0; i < 200_000; i++) if (regex.test(arn)) found++;
  };
  round();
  const each = median(Array.from({length: ROUNDS}, () => cpu(round))) / 200_000;
  return [`\`${source.replaceAll('|', '\\|')}\``, each.toFixed(2), found > 0 ? 'yes' : 'no'];
});
console.log(`\nRegular expressions on a text of ${arn.length} characters\n`);
console.log(markdownTable(['', 'µs', 'found'], regexRows));
