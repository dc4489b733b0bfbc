import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {readPacks, soundDetections} from '../src/app/detections.ts';
import type {Match} from '../src/detections/detection.ts';
import {DetectionSet} from '../src/detections/detection-set.ts';
import type {Json} from '../src/detections/json.ts';
import {eventOfRecord, prepareDerivation} from '../src/event/derive.ts';
import {type Dataset, invictusDataset, stratusDataset} from './datasets.ts';
import {ourMethods} from './ours.ts';
import {loadProject, type Project, type RawRecord} from './project.ts';
import {markdownTable} from './table.ts';

const USAGE = `Usage: npm run bench:coverage -- [options]

Which shipped detections match recorded attack techniques, and what the score makes of them.

  --seed N            of the simulation that techniques are injected into (default 21)
  --days N            simulated days (default 14)
  --judge-from N      first day with attacks, counted from 0 (default 8)
  --events-per-day N  (default 4000)
  --repeats N         how often each technique is injected (default 3)
  --data FOLDER       real records (default ../shared/data)
  --write             put the tables into docs/coverage.md`;

const {values: args} = parseArgs({
  options: {
    seed: {type: 'string', default: '21'},
    days: {type: 'string', default: '14'},
    'judge-from': {type: 'string', default: '8'},
    'events-per-day': {type: 'string', default: '4000'},
    repeats: {type: 'string', default: '3'},
    data: {type: 'string', default: join(import.meta.dirname, '../../shared/data')},
    write: {type: 'boolean', default: false},
    help: {type: 'boolean', default: false},
  },
});

const PAGE = join(import.meta.dirname, '../docs/coverage.md');
const BEGIN = '<!-- measured: npm run bench:coverage -- --write -->';
const END = '<!-- end of what was measured -->';

/** One run of a technique. */
interface Campaign {
  readonly technique: string;
  events: number;
  readonly operations: Set<string>;
  /** Ids of the detections that matched, silent ones marked. */
  readonly matched: Set<string>;
  highest: number;
}

interface Judged {
  readonly campaigns: readonly Campaign[];
  /** Events that are no attack, and matches, by detection, that no attack was part of at first. */
  readonly others: number;
  readonly otherMatches: ReadonlyMap<string, number>;
}

if (args.help) console.log(USAGE);
else if (existsSync(args.data)) main();
else console.log(`skipped: no real CloudTrail records at ${args.data}`);

function main(): void {
  const options = {
    seed: Number(args.seed),
    days: Number(args.days),
    eventsPerDay: Number(args['events-per-day']),
    judgeFrom: Number(args['judge-from']),
    repeats: Number(args.repeats),
    userAgent: 'victim' as const,
  };
  const stratus = judge((project) => stratusDataset(project, join(args.data, 'stratus'), options));
  const invictus = judge((project) => invictusDataset(project, join(args.data, 'invictus')));
  const text = [
    `Measured on ${new Date().toISOString().slice(0, 10)} at commit ${commit()}, seed ${args.seed}.`,
    '',
    `## Stratus Red Team, in a simulated organisation of ${args.days} days`,
    '',
    described(stratus),
    '',
    tableOf(stratus, Number(args.repeats)),
    '',
    '## Invictus, a real account during attacks',
    '',
    described(invictus),
    '',
    tableOf(invictus, 1),
  ].join('\n');
  console.log(text);
  if (!args.write) return;
  const page = readFileSync(PAGE, 'utf8');
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${PAGE} lacks its marks`);
  writeFileSync(PAGE, `${page.slice(0, before)}${BEGIN}\n\n${text}\n\n${page.slice(after)}`);
}

/** Lets score and detections go over a data set in order, all with a memory that is empty at first. */
function judge(make: (project: Project) => Dataset): Judged {
  const project = loadProject();
  const records = new Map<string, string>();
  const accounts = new Set<string>();
  const {events, truth} = make({
    ...project,
    derive(record: RawRecord) {
      const event = project.derive(record);
      if (event === undefined || records.has(event.eventId)) return event;
      records.set(event.eventId, JSON.stringify(record));
      if (typeof record.recipientAccountId === 'string') accounts.add(record.recipientAccountId);
      return event;
    },
  });
  const derivation = prepareDerivation({organisationAccounts: [...accounts]});
  const set = new DetectionSet(soundDetections(readPacks()).detections);
  const [method] = ourMethods();
  if (method === undefined) throw new Error('No method');
  const campaigns = new Map<string, Campaign>();
  const otherMatches = new Map<string, number>();
  let others = 0;
  const attackOf = (eventId: string) => {
    const entry = truth.get(eventId);
    return entry === undefined || 'ignore' in entry ? undefined : entry;
  };
  const tell = (match: Match): void => {
    const mark = match.mode === 'silent' ? ' (silent)' : '';
    const name = `\`${match.detection}\`${mark}`;
    // Of a match of many events the evidence holds but some.
    const ids = [...match.hit.evidence.map(({eventId}) => eventId), match.hit.event?.id ?? ''];
    const parts = ids.flatMap((id) => campaigns.get(attackOf(id)?.campaign ?? '') ?? []);
    for (const {matched} of parts) matched.add(name);
    if (parts.length > 0 || match.revision > 1) return;
    otherMatches.set(name, (otherMatches.get(name) ?? 0) + 1);
  };
  for (const {eventId, timeMs} of events) {
    const record = JSON.parse(records.get(eventId) ?? '{}') as Record<string, Json>;
    const components = eventOfRecord(record, timeMs, derivation);
    method.observe(components, timeMs);
    const score = method.lastScore();
    const attack = attackOf(eventId);
    if (attack === undefined) others++;
    else {
      const {campaign: id, scenario: technique} = attack;
      const campaign = campaigns.get(id) ?? fresh(technique);
      campaigns.set(id, campaign);
      campaign.events++;
      campaign.operations.add(components.operation);
      campaign.highest = Math.max(campaign.highest, score);
    }
    const origin = components.principal;
    set.take({time: timeMs, id: eventId, components, origin, score, bits: {}, record});
    set.advance(timeMs);
    set.drain().matches.forEach(tell);
  }
  set.advance((events.at(-1)?.timeMs ?? 0) + 86_400_000);
  set.drain().matches.forEach(tell);
  return {campaigns: [...campaigns.values()], others, otherMatches};
}

function fresh(technique: string): Campaign {
  return {technique, events: 0, operations: new Set(), matched: new Set(), highest: 0};
}

function described({campaigns, others, otherMatches}: Judged): string {
  const techniques = new Set(campaigns.map(({technique}) => technique));
  const any = techniquesWhere(campaigns, ({matched}) => matched.size > 0);
  const loud = techniquesWhere(campaigns, ({matched}) => [...matched].some(isLoud));
  const high = techniquesWhere(campaigns, ({highest}) => highest >= 0.95);
  const either = techniquesWhere(
    campaigns,
    ({highest, matched}) => highest >= 0.95 || [...matched].some(isLoud),
  );
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const loudOthers = sum([...otherMatches].filter(([name]) => isLoud(name)).map(([, n]) => n));
  return (
    `${techniques.size} techniques: ${any} matched by a detection at least once, ${loud} by one that ` +
    `is live, ${high} scored 0.95 or more at least once, ${either} one or the other. Among ` +
    `${others} other events ${sum([...otherMatches.values()])} further matches, ${loudOthers} of them live.`
  );
}

function isLoud(name: string): boolean {
  return !name.endsWith('(silent)');
}

function techniquesWhere(campaigns: readonly Campaign[], is: (one: Campaign) => boolean): number {
  return new Set(campaigns.filter(is).map(({technique}) => technique)).size;
}

function tableOf({campaigns}: Judged, repeats: number): string {
  const rows = [...new Set(campaigns.map(({technique}) => technique))].sort().map((technique) => {
    const runs = campaigns.filter((campaign) => campaign.technique === technique);
    const names = [...new Set(runs.flatMap(({matched}) => [...matched]))].sort();
    const matched = names.map((name) => {
      const times = runs.filter((run) => run.matched.has(name)).length;
      return times === runs.length ? name : `${name} ${times}/${runs.length}`;
    });
    const reached = (least: number) => runs.filter(({highest}) => highest >= least).length;
    const operations = new Set(runs.flatMap((run) => [...run.operations]));
    const shown = [...operations].slice(0, 4).join(', ');
    return [
      technique,
      `${shown}${operations.size > 4 ? ` and ${operations.size - 4} more` : ''}`,
      matched.length > 0 ? matched.join(', ') : '–',
      runs.map(({highest}) => highest.toFixed(3)).join(' '),
      ...[0.95, 0.99].map((least) => {
        const times = reached(least);
        if (repeats === 1) return times > 0 ? 'yes' : '–';
        return times > 0 ? `${times}/${runs.length}` : '–';
      }),
    ];
  });
  return markdownTable(
    ['technique', 'operations', 'detections that match', 'highest score', '≥ 0.95', '≥ 0.99'],
    rows,
  );
}

function commit(): string {
  const git = (...command: string[]) =>
    execFileSync('git', command, {cwd: import.meta.dirname, encoding: 'utf8'}).trim();
  const changed = git('status', '--porcelain', '--', '../src', '../detections', '../contexts');
  return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : ' with changes'}`;
}
