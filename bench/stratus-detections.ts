import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {readPacks, soundDetections} from '../src/app/detections.ts';
import {invictusDataset, stratusDataset} from './datasets.ts';
import {
  type Campaign,
  commit,
  type DetectionRun,
  HIGH,
  isMatchedLive,
  runDetections,
} from './detection-run.ts';
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
  const {detections} = soundDetections(readPacks());
  const stratus = runDetections(
    (project) => stratusDataset(project, join(args.data, 'stratus'), options),
    detections,
  );
  const invictus = runDetections(
    (project) => invictusDataset(project, join(args.data, 'invictus')),
    detections,
  );
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

function described({campaigns, others, otherMatches}: DetectionRun): string {
  const techniques = new Set(campaigns.map(({scenario}) => scenario));
  const any = techniquesWhere(campaigns, ({matched}) => matched.size > 0);
  const loud = techniquesWhere(campaigns, isMatchedLive);
  const high = techniquesWhere(campaigns, ({highest}) => highest >= HIGH);
  const either = techniquesWhere(campaigns, (one) => one.highest >= HIGH || isMatchedLive(one));
  const loudOthers = otherMatches.filter(({mode}) => mode === 'live').length;
  return (
    `${techniques.size} techniques: ${any} matched by a detection at least once, ${loud} by one that ` +
    `is live, ${high} scored 0.95 or more at least once, ${either} one or the other. Among ` +
    `${others} other events ${otherMatches.length} further matches, ${loudOthers} of them live.`
  );
}

function techniquesWhere(campaigns: readonly Campaign[], is: (one: Campaign) => boolean): number {
  return new Set(campaigns.filter(is).map(({scenario}) => scenario)).size;
}

function tableOf({campaigns}: DetectionRun, repeats: number): string {
  const rows = [...new Set(campaigns.map(({scenario}) => scenario))].sort().map((technique) => {
    const runs = campaigns.filter(({scenario}) => scenario === technique);
    const ids = [...new Set(runs.flatMap(({matched}) => [...matched.keys()]))].sort();
    const matched = ids.map((id) => {
      const by = runs.filter((run) => run.matched.has(id));
      const silent = by.every((run) => run.matched.get(id) === 'silent');
      const name = `\`${id}\`${silent ? ' (silent)' : ''}`;
      return by.length === runs.length ? name : `${name} ${by.length}/${runs.length}`;
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
