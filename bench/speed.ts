// Events a second and peak memory from `.json.gz` to score, held against a plain pipeline and
// against gunzip alone. Run with `npm run bench:speed [-- rounds]`; wants a build (threads run it).
import {execFileSync} from 'node:child_process';
import {cpus} from 'node:os';
import {fileURLToPath} from 'node:url';
import {Worker} from 'node:worker_threads';
import {speedSets} from './speed-data.ts';
import type {Measured} from './speed-run.ts';
import {markdownTable} from './table.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const ONLY = process.argv[3];
const RUN = fileURLToPath(new URL('speed-run.ts', import.meta.url));
const PIPELINES = ['gunzip', 'plain', '0', '1', '2'] as const;
const NAMES: Readonly<Record<(typeof PIPELINES)[number], string>> = {
  gunzip: 'gunzip alone',
  plain: 'JSON.parse and Maps',
  '0': 'Oddtrail, one thread',
  '1': 'Oddtrail, 1 worker',
  '2': 'Oddtrail, 2 workers',
};

function measure(pipeline: string, folder: string): Measured {
  const text = execFileSync(process.execPath, [...process.execArgv, RUN, pipeline, folder], {
    encoding: 'utf8',
    env: process.env,
  });
  return JSON.parse(text) as Measured;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** How much more two busy threads get done together than one alone: the machine's own limit. */
async function spin(): Promise<number> {
  const code = `const {parentPort} = require('node:worker_threads');
    parentPort.on('message', (ms) => {
      const end = performance.now() + ms;
      let n = 0;
      let x = 1;
      while (performance.now() < end) { for (let i = 0; i < 1e5; i++) x = Math.imul(x, 31) + i | 0; n++; }
      parentPort.postMessage(n + (x & 0));
    });`;
  const threads = [0, 1].map(() => new Worker(code, {eval: true}));
  const ask = (thread: Worker) =>
    new Promise<number>((resolve) => {
      thread.once('message', resolve);
      thread.postMessage(400);
    });
  const [first, second] = threads;
  if (first === undefined || second === undefined) return Number.NaN;
  await Promise.all(threads.map(ask));
  const alone = await ask(first);
  const [a, b] = await Promise.all([ask(first), ask(second)]);
  await Promise.all(threads.map((thread) => thread.terminate()));
  return (a + b) / alone;
}

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {encoding: 'utf8'}).trim();
console.log(
  `${cpus()[0]?.model}, ${cpus().length} CPUs, Node ${process.versions.node}, commit ${commit}, ` +
    `medians of ${ROUNDS} interleaved rounds, each run in a process of its own, ` +
    'after one pass to warm up',
);
const spins: number[] = [];
for (const {name, says, folder} of await speedSets()) {
  if (ONLY !== undefined && !name.includes(ONLY)) continue;
  const runs = new Map(PIPELINES.map((pipeline) => [pipeline, [] as Measured[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const pipeline of PIPELINES) runs.get(pipeline)?.push(measure(pipeline, folder));
    spins.push(await spin());
  }
  const of = (pipeline: (typeof PIPELINES)[number], what: keyof Measured) =>
    (runs.get(pipeline) ?? []).map((run) => run[what]);
  const events = median(of('0', 'events'));
  const raw = median(of('gunzip', 'rawBytes'));
  console.log(
    `\n### ${name}: ${says}\n\n${events} events of ${Math.round(raw / events)} bytes; ` +
      `two spinning threads together ${median(spins).toFixed(2)} times one\n`,
  );
  const rate = (pipeline: (typeof PIPELINES)[number], what: 'wall' | 'cpu') =>
    of(pipeline, what).map((seconds) => events / seconds / 1000);
  const row = (pipeline: (typeof PIPELINES)[number]): string[] => {
    const cell = (what: 'wall' | 'cpu') => {
      const rates = rate(pipeline, what);
      const [low, high] = [Math.min(...rates), Math.max(...rates)];
      return `${median(rates).toFixed(0)} (${low.toFixed(0)}–${high.toFixed(0)})`;
    };
    const relative = (to: (typeof PIPELINES)[number], what: 'wall' | 'cpu') => {
      // Round by round, since neighbours come and go.
      const others = rate(to, what);
      return median(rate(pipeline, what).map((own, i) => own / (others[i] ?? Number.NaN)));
    };
    return [
      NAMES[pipeline],
      cell('cpu'),
      cell('wall'),
      `${(100 * relative('gunzip', 'cpu')).toFixed(0)} % / ${(100 * relative('gunzip', 'wall')).toFixed(0)} %`,
      `${relative('plain', 'cpu').toFixed(1)} / ${relative('plain', 'wall').toFixed(1)}`,
      `${relative('0', 'wall').toFixed(2)}`,
      `${Math.round(median(of(pipeline, 'peak')) / 1e6)} MB`,
    ];
  };
  const head = [
    'pipeline',
    'kev per CPU second',
    'kev/s (wall)',
    'of gunzip (CPU / wall)',
    'times plain (CPU / wall)',
    'times one thread (wall)',
    'peak memory',
  ];
  console.log(markdownTable(head, PIPELINES.map(row)));
}
