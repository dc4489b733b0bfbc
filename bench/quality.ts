import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {availableParallelism, cpus} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {ALERT_BUDGETS} from '../src/app/evaluation.ts';
import {baselines} from './baselines/all.ts';
import {type Dataset, invictusDataset, simulatedDataset, stratusDataset} from './datasets.ts';
import type {Method} from './method.ts';
import {ourMethods} from './ours.ts';
import {loadProject, type Project} from './project.ts';
import {type RunResult, runMethod} from './run.ts';
import {markdownTable, meanAndSpread} from './table.ts';

const USAGE = `Usage: npx tsx bench/quality.ts [options]

Holds our score against the baselines over the same events and prints Markdown tables.

  --seeds LIST        seeds of the simulation, as in 21,22,23 (default 21)
  --days N            simulated days (default 30)
  --judge-from N      first judged day, counted from 0 (default 14)
  --events-per-day N  simulated events a day (default 15000)
  --campaigns N       attacks of the simulation (default as the simulator has it)
  --datasets LIST     of simulated, invictus, stratus (default all)
  --methods REGEX     only methods whose name matches
  --data FOLDER       real records (default ../shared/data)
  --scenarios         a second table: recall by scenario at 5 false alerts a day
  --json FILE         all results, also as JSON
  --merge LIST        measure nothing: tables of the results in these JSON files`;

const {values: args} = parseArgs({
  options: {
    seeds: {type: 'string', default: '21'},
    days: {type: 'string', default: '30'},
    'judge-from': {type: 'string', default: '14'},
    'events-per-day': {type: 'string', default: '15000'},
    campaigns: {type: 'string'},
    merge: {type: 'string'},
    datasets: {type: 'string', default: 'simulated,invictus,stratus'},
    methods: {type: 'string', default: ''},
    data: {type: 'string', default: join(import.meta.dirname, '../../shared/data')},
    scenarios: {type: 'boolean', default: false},
    json: {type: 'string'},
    help: {type: 'boolean', default: false},
  },
});

if (args.help) console.log(USAGE);
else main();

interface Run {
  readonly method: string;
  readonly dataset: string;
  readonly seed: number;
  readonly result: RunResult;
}

function main(): void {
  const runs = args.merge === undefined ? measure() : merged(args.merge.split(','));
  console.log(`Seeds ${[...new Set(runs.map(({seed}) => seed))].join(', ')}; mean over seeds ±`);
  console.log(
    `standard deviation. ${cpus()[0]?.model ?? '?'} × ${availableParallelism()}, ${process.version}.`,
  );
  for (const dataset of new Set(runs.map((run) => run.dataset))) {
    const ours = runs.filter((run) => run.dataset === dataset);
    console.log(`\n## ${dataset}\n\n${describe(ours)}\n\n${qualityTable(ours)}`);
    if (args.scenarios) console.log(`\n${scenarioTable(ours)}`);
  }
  if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(runs, null, 1)}\n`);
}

function merged(files: readonly string[]): Run[] {
  return files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as Run[]);
}

function measure(): Run[] {
  const project = loadProject();
  const seeds = args.seeds.split(',').map(Number);
  const runs: Run[] = [];
  for (const [i, seed] of seeds.entries()) {
    for (const make of datasetsOf(project, seed, i === 0)) {
      const dataset = make();
      note(`${dataset.name}, seed ${seed}: ${dataset.events.length} events`);
      for (const method of methods()) {
        const result = runMethod(method, dataset);
        note(`  ${method.name}: ${result.seconds.toFixed(1)} s`);
        runs.push({method: method.name, dataset: dataset.name, seed, result});
      }
    }
  }
  return runs;
}

/** Made when asked for, so that only one is in memory; real records alone need no second seed. */
function* datasetsOf(project: Project, seed: number, first: boolean): Generator<() => Dataset> {
  const wanted = args.datasets.split(',');
  const options = {
    seed,
    days: Number(args.days),
    eventsPerDay: Number(args['events-per-day']),
    judgeFrom: Number(args['judge-from']),
    campaigns: args.campaigns === undefined ? undefined : Number(args.campaigns),
  };
  const real = existsSync(args.data);
  if (!real && wanted.some((name) => name !== 'simulated')) {
    note(`skipped: no real CloudTrail records at ${args.data}`);
  }
  if (wanted.includes('simulated')) yield () => simulatedDataset(project, options);
  if (wanted.includes('invictus') && real && first) {
    yield () => invictusDataset(project, join(args.data, 'invictus'));
  }
  if (wanted.includes('stratus') && real) {
    const folder = join(args.data, 'stratus');
    for (const userAgent of ['kept', 'victim'] as const) {
      yield () => stratusDataset(project, folder, {...options, repeats: 3, userAgent});
    }
  }
}

/** Fresh ones for every run, ours first. */
function methods(): Method[] {
  const wanted = new RegExp(args.methods);
  return [...ourMethods(), ...baselines()].filter(({name}) => wanted.test(name));
}

function describe(runs: readonly Run[]): string {
  const {counts} = runs[0]?.result ?? {};
  if (counts === undefined) return '';
  return (
    `First seed: ${counts.benign} benign and ${counts.attack} attack events judged over ` +
    `${counts.days} days, ${counts.campaigns} campaigns, ${counts.principalDays} principal-days; ` +
    `${counts.ignored} ignored, ${counts.warmUp} in warm-up.`
  );
}

function qualityTable(runs: readonly Run[]): string {
  const head = [
    'method',
    'ROC-AUC',
    'AP',
    'cAP',
    ...ALERT_BUDGETS.map((budget) => `R@${budget}`),
    'event recall @5',
    'TTD median, p90 (min)',
    'worst FP day @5',
    's',
  ];
  const rows = byMethod(runs).map(([method, results]) => {
    const cell = (of: (result: RunResult) => number | null, digits: number) =>
      meanAndSpread(results.map(of), digits);
    return [
      method,
      cell(({rocAuc}) => rocAuc, 3),
      cell(({averagePrecision}) => averagePrecision, 3),
      cell(({campaignAveragePrecision}) => campaignAveragePrecision, 3),
      ...ALERT_BUDGETS.map((budget) => cell(({recallAt}) => recallAt[budget], 2)),
      cell(({eventRecallAt}) => eventRecallAt['5'], 2),
      `${cell(({timeToDetection}) => timeToDetection.medianMinutes, 1)}, ` +
        cell(({timeToDetection}) => timeToDetection.p90Minutes, 1),
      cell(({worstFalseAlertDay}) => worstFalseAlertDay?.falseAlerts ?? null, 0),
      cell(({seconds}) => seconds, 1),
    ];
  });
  return markdownTable(head, rows);
}

/** Campaigns found of those there are, over all seeds. */
function scenarioTable(runs: readonly Run[]): string {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.result.scenarios)))].sort();
  const rows = byMethod(runs).map(([method, results]) => [
    method,
    ...names.map((name) => {
      const all = results.flatMap(({scenarios}) => scenarios[name] ?? []);
      const found = all.reduce((sum, {campaigns, recallAt}) => sum + campaigns * recallAt['5'], 0);
      const campaigns = all.reduce((sum, one) => sum + one.campaigns, 0);
      return `${Math.round(found)}/${campaigns}`;
    }),
  ]);
  return markdownTable(['found @5', ...names], rows);
}

function byMethod(runs: readonly Run[]): [string, RunResult[]][] {
  const results = new Map<string, RunResult[]>();
  for (const {method, result} of runs) {
    results.set(method, [...(results.get(method) ?? []), result]);
  }
  return [...results];
}

/** Progress goes beside the tables, so that those can be put into a file. */
function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
