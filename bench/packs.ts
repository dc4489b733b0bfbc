import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {parse, stringify} from 'yaml';
import {readPacks, SEVERITIES, soundDetections} from '../src/app/detections.ts';
import {DEFAULT_PACKS} from '../src/app/service/config.ts';
import type {Detection} from '../src/detections/detection.ts';
import {type Dataset, invictusDataset, simulatedDataset} from './datasets.ts';
import {
  type Campaign,
  commit,
  DAY_MS,
  type DetectionRun,
  HIGH,
  isMatchedLive,
  type OtherMatch,
  runDetections,
} from './detection-run.ts';
import type {Project, RawRecord} from './project.ts';
import {markdownTable} from './table.ts';

const USAGE = `Usage: npm run bench:packs -- [options]

How often the packs that run by default match where nothing is wrong, and which attacks of simulated
organisations they match. Accounts of the organisation are known, nothing else is said to them.

  --seeds LIST        seeds of the simulation (default 21,22)
  --days N            simulated days (default 24)
  --judge-from N      first judged day, counted from 0 (default 10)
  --events-per-day N  simulated events a day (default 8000)
  --campaigns N       attacks in each organisation (default 30)
  --grid              other thresholds of the detections that ask for a score
  --list              every live match among ordinary events
  --data FOLDER       real records (default ../shared/data)`;

const {values: args} = parseArgs({
  options: {
    seeds: {type: 'string', default: '21,22'},
    days: {type: 'string', default: '24'},
    'judge-from': {type: 'string', default: '10'},
    'events-per-day': {type: 'string', default: '8000'},
    campaigns: {type: 'string', default: '30'},
    grid: {type: 'boolean', default: false},
    list: {type: 'boolean', default: false},
    data: {type: 'string', default: join(import.meta.dirname, '../../shared/data')},
    help: {type: 'boolean', default: false},
  },
});

/** Scores, and counts of calls, that a detection is tried with. */
const GRID: Readonly<Record<string, {scores: readonly number[]; counts: readonly number[]}>> = {
  'sensitive-and-novel': {scores: [0.9, 0.95, 0.97, 0.98, 0.99, 0.995], counts: [1]},
  'sensitive-run': {scores: [0.5, 0.7, 0.8, 0.85, 0.9, 0.95], counts: [2, 3, 4]},
  'discovery-burst-novel': {scores: [0.7, 0.8, 0.85, 0.9, 0.95, 0.98], counts: [3, 5, 8]},
  'refused-around-secrets': {scores: [0, 0.3, 0.5, 0.7, 0.8, 0.9], counts: [4, 6, 10]},
  'bucket-enumerated': {scores: [0.5, 0.7, 0.8, 0.9, 0.95, 0.98], counts: [3, 6, 10]},
};
const VARIANT = '--';

interface SeedRun extends DetectionRun {
  readonly seed: number;
  readonly days: number;
}

if (args.help) console.log(USAGE);
else main();

function main(): void {
  const shipped = soundDetections(readPacks(DEFAULT_PACKS)).detections;
  const tried = args.grid ? variants() : [];
  console.log(`Measured on ${new Date().toISOString().slice(0, 10)} at commit ${commit()}.`);
  const runs = args.seeds.split(',').map((text): SeedRun => {
    const options = {
      seed: Number(text),
      days: Number(args.days),
      eventsPerDay: Number(args['events-per-day']),
      judgeFrom: Number(args['judge-from']),
      campaigns: Number(args.campaigns),
    };
    const run = runDetections(
      (project) => simulatedDataset(project, options),
      [...shipped, ...tried],
    );
    return judged({...run, seed: options.seed, days: options.days - options.judgeFrom});
  });
  console.log(`\n## Seeds ${args.seeds}, days ${args['judge-from']} to ${args.days}\n`);
  const plain = runs.map(withoutVariants);
  console.log(falseMatches(plain));
  console.log(`\n${alerts(plain)}`);
  console.log(`\n${caught(plain)}`);
  for (const id of args.grid ? Object.keys(GRID) : []) console.log(`\n${gridOf(id, runs)}`);
  if (args.list) plain.forEach(list);
  if (existsSync(args.data)) real(shipped);
  else console.log(`\nskipped: no real CloudTrail records at ${args.data}`);
}

/** Copies of the detections that ask for a score, with other thresholds, and ids of their own. */
function variants(): readonly Detection[] {
  const declared = readPacks(DEFAULT_PACKS).flatMap(
    ({text}) => (parse(text) as {detections: Declared[]}).detections,
  );
  const detections = Object.entries(GRID).flatMap(([id, {scores, counts}]) => {
    const original = declared.find((one) => one.id === id);
    if (original === undefined) throw new Error(`No detection ${id}`);
    return scores.flatMap((score) => counts.map((count) => variantOf(original, score, count)));
  });
  const text = stringify({detections}, {aliasDuplicateObjects: false});
  return soundDetections([{file: 'variants', text}]).detections;
}

interface Declared {
  id: string;
  parameters: {novel?: {default: number}};
  when: {count?: {at_least: number}; sequence?: {condition: string}[]};
}

function variantOf(original: Declared, score: number, count: number): Declared {
  const copy = structuredClone(original);
  const {novel} = copy.parameters;
  if (novel === undefined) throw new Error(`${copy.id} asks for no score`);
  novel.default = score;
  const {when} = copy;
  if (when.count !== undefined) when.count.at_least = count;
  if (when.sequence !== undefined) {
    const [first, next] = when.sequence;
    if (first === undefined || next === undefined) throw new Error(`${copy.id} is too short`);
    when.sequence = [first, ...Array.from({length: count - 1}, () => next)];
  }
  copy.id = `${original.id}${VARIANT}${score}${VARIANT}${count}`;
  return copy;
}

/** What lies in the judged days, and is an attack or is not. */
function judged(run: SeedRun): SeedRun {
  const inTime = ({timeMs}: {readonly timeMs: number}) => timeMs >= run.judgeFromMs;
  return {
    ...run,
    campaigns: run.campaigns.filter(({firstMs}) => firstMs >= run.judgeFromMs),
    otherMatches: run.otherMatches.filter((match) => inTime(match) && !match.ignored),
    highOthers: run.highOthers.filter(inTime),
  };
}

function withoutVariants(run: SeedRun): SeedRun {
  return {
    ...run,
    otherMatches: run.otherMatches.filter(({detection}) => !isVariant(detection)),
    campaigns: run.campaigns.map((campaign) => ({
      ...campaign,
      matched: new Map([...campaign.matched].filter(([id]) => !isVariant(id))),
    })),
  };
}

function isVariant(id: string): boolean {
  return id.includes(VARIANT);
}

function falseMatches(runs: readonly SeedRun[]): string {
  const campaigns = runs.flatMap((run) => run.campaigns);
  const ids = new Set([
    ...runs.flatMap((run) => run.otherMatches.map(({detection}) => detection)),
    ...campaigns.flatMap(({matched}) => [...matched.keys()]),
  ]);
  const rows = [...ids].sort().map((id) => {
    const own = runs.map(({otherMatches}) => otherMatches.filter((one) => one.detection === id));
    const mode = campaigns.find(({matched}) => matched.has(id))?.matched.get(id);
    return [
      `\`${id}\``,
      own.flat()[0]?.mode ?? mode ?? '',
      own.flat()[0]?.severity ?? '',
      ...own.map((matches, i) => perDay(matches.length, runs[i])),
      String(campaigns.filter(({matched}) => matched.has(id)).length),
      String(campaigns.filter((one) => isOnlyBy(one, id)).length),
    ];
  });
  return markdownTable(
    [
      'detection',
      'mode',
      'severity',
      ...runs.map(({seed}) => `false a day, seed ${seed}`),
      `attacks of ${campaigns.length}`,
      `by it alone`,
    ],
    rows,
  );
}

/** Neither another live detection nor the score has found it. */
function isOnlyBy({matched, highest}: Campaign, id: string): boolean {
  if (matched.get(id) !== 'live' || highest >= HIGH) return false;
  return [...matched].every(([other, mode]) => other === id || mode !== 'live');
}

function alerts(runs: readonly SeedRun[]): string {
  const rows = [...SEVERITIES]
    .reverse()
    .map((severity) => [
      severity,
      ...runs.map((run) =>
        perDay(
          run.otherMatches.filter((one) => one.mode === 'live' && one.severity === severity).length,
          run,
        ),
      ),
    ]);
  rows.push([
    'all',
    ...runs.map((run) => perDay(run.otherMatches.filter(({mode}) => mode === 'live').length, run)),
  ]);
  rows.push([
    `score from ${HIGH} on, principals`,
    ...runs.map((run) => {
      const days = run.highOthers.map(({timeMs, principal}) =>
        [Math.floor(timeMs / DAY_MS), principal].join(' '),
      );
      return perDay(new Set(days).size, run);
    }),
  ]);
  return markdownTable(['false alerts a day', ...runs.map(({seed}) => `seed ${seed}`)], rows);
}

function caught(runs: readonly SeedRun[]): string {
  const campaigns = runs.flatMap((run) => run.campaigns);
  const row = (name: string, of: readonly Campaign[]): string[] => [
    name,
    String(of.length),
    ...[
      isMatchedLive,
      ({highest}: Campaign) => highest >= HIGH,
      (one: Campaign) => one.highest >= HIGH || isMatchedLive(one),
    ].map((is) => String(of.filter(is).length)),
    [...new Set(of.flatMap(({matched}) => [...matched].filter(([, mode]) => mode === 'live')))]
      .map(([id]) => id)
      .filter((id, i, ids) => ids.indexOf(id) === i)
      .map((id) => `\`${id}\` ${of.filter(({matched}) => matched.has(id)).length}`)
      .join(', '),
  ];
  const names = [...new Set(campaigns.map(({scenario}) => scenario))].sort();
  return markdownTable(
    ['attacks', 'runs', 'live detection', `score ≥ ${HIGH}`, 'either', 'by'],
    [
      ...names.map((name) =>
        row(
          name,
          campaigns.filter(({scenario}) => scenario === name),
        ),
      ),
      row('all', campaigns),
    ],
  );
}

function gridOf(id: string, runs: readonly SeedRun[]): string {
  const campaigns = runs.flatMap((run) => run.campaigns);
  const {scores = [], counts = []} = GRID[id] ?? {};
  const rows = scores.flatMap((score) =>
    counts.map((count) => {
      const variant = [id, score, count].join(VARIANT);
      const by = campaigns.filter(({matched}) => matched.has(variant));
      const alone = by.filter(({matched, highest}) => {
        const others = [...matched].filter(([other]) => other !== id && !isVariant(other));
        return highest < HIGH && others.every(([, mode]) => mode !== 'live');
      });
      return [
        String(score),
        String(count),
        ...runs.map((run) =>
          perDay(run.otherMatches.filter(({detection}) => detection === variant).length, run),
        ),
        String(by.length),
        String(alone.length),
        [...new Set(by.map(({scenario}) => scenario))].sort().join(', '),
      ];
    }),
  );
  return markdownTable(
    [
      `\`${id}\`: score`,
      'calls',
      ...runs.map(({seed}) => `false a day, seed ${seed}`),
      `attacks of ${campaigns.length}`,
      'alone',
      'which',
    ],
    rows,
  );
}

function perDay(count: number, run: SeedRun | undefined): string {
  return (count / (run?.days ?? 1)).toFixed(2);
}

function list({seed, otherMatches}: SeedRun): void {
  console.log(`\nLive matches among ordinary events of seed ${seed}:\n`);
  const live = otherMatches.filter(({mode}) => mode === 'live');
  for (const match of live) console.log(lineOf(match));
}

function lineOf({timeMs, severity, detection, title}: OtherMatch): string {
  return `- ${new Date(timeMs).toISOString().slice(0, 16)} ${severity} \`${detection}\`: ${title}`;
}

/** Records that are real, and no attack as far as is known; too short to learn from. */
function real(shipped: readonly Detection[]): void {
  const sets: readonly [string, (project: Project) => Dataset][] = [
    ['Invictus', (project) => invictusDataset(project, join(args.data, 'invictus'))],
    ['versions', (project) => loose(project, join(args.data, 'versions', 'events.jsonl'))],
    ['oddities', (project) => loose(project, join(args.data, 'oddities.jsonl'))],
  ];
  const rows = sets.map(([name, make]) => {
    const {ordinary: events, otherMatches} = runDetections(make, shipped);
    const ordinary = otherMatches.filter(({ignored}) => !ignored);
    const live = ordinary.filter(({mode}) => mode === 'live');
    const ids = [...new Set(live.map(({detection}) => detection))].sort();
    return [
      name,
      String(events),
      String(live.length),
      String(ordinary.length - live.length),
      ids
        .map((id) => `\`${id}\` ${live.filter(({detection}) => detection === id).length}`)
        .join(', '),
    ];
  });
  console.log('\n## Real records\n');
  console.log(markdownTable(['records', 'ordinary', 'live matches', 'silent', 'which'], rows));
}

function loose(project: Project, path: string): Dataset {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const events = lines.flatMap((line, i) => {
    const parsed = JSON.parse(line) as RawRecord;
    const record = {
      ...((parsed.event as RawRecord | undefined) ?? parsed),
      eventID: `${path}/${i}`,
    };
    return project.derive(record) ?? [];
  });
  events.sort((a, b) => a.timeMs - b.timeMs);
  return {name: path, events, truth: new Map(), judgeFrom: 0};
}
