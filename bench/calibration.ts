import {parseArgs} from 'node:util';
import {quietDataset} from './datasets.ts';
import {ourMethods} from './ours.ts';
import {loadProject} from './project.ts';
import {markdownTable} from './table.ts';

const USAGE = `Usage: npx tsx bench/calibration.ts [options]

How often the score exceeds its thresholds where nothing is wrong, against what it promises:
score = 1 − √p, so that 0.95 is 1 event in 400.

  --seeds LIST        seeds of the simulation (default 21,22,23)
  --days N            simulated days (default 30)
  --judge-from N      first judged day, counted from 0 (default 14)
  --events-per-day N  simulated events a day (default 15000)`;

/** Spans of days, the first of each, that the pooled table tells apart. */
const SPANS = [0, 1, 2, 3, 5, 7, 10] as const;
const THRESHOLDS = [0.95, 0.98, 0.99, 0.995, 0.999] as const;
const DAY_MS = 86_400_000;

const {values: args} = parseArgs({
  options: {
    seeds: {type: 'string', default: '21,22,23'},
    days: {type: 'string', default: '30'},
    'judge-from': {type: 'string', default: '14'},
    'events-per-day': {type: 'string', default: '15000'},
    help: {type: 'boolean', default: false},
  },
});

if (args.help) console.log(USAGE);
else main();

function main(): void {
  const project = loadProject();
  const rows: string[][] = [];
  const spans = SPANS.map((first) => ({first, events: 0, over: THRESHOLDS.map(() => 0)}));
  for (const seed of args.seeds.split(',').map(Number)) {
    const {events, judgeFrom} = quietDataset(project, {
      seed,
      days: Number(args.days),
      eventsPerDay: Number(args['events-per-day']),
      judgeFrom: Number(args['judge-from']),
    });
    const method = ourMethods()[0];
    if (method === undefined) throw new Error('No method of our own to calibrate');

    const from = (Math.floor((events[0]?.timeMs ?? 0) / DAY_MS) + judgeFrom) * DAY_MS;
    const over = THRESHOLDS.map(() => 0);
    const alerts = THRESHOLDS.map(() => new Set<string>());
    const days = new Set<number>();
    let judged = 0;
    for (const {components, timeMs} of events) {
      method.observe(components, timeMs);
      const day0 = from / DAY_MS - judgeFrom;
      const span = spans.findLast(({first}) => Math.floor(timeMs / DAY_MS) - day0 >= first);
      if (span !== undefined) {
        span.events++;
        for (const [i, threshold] of THRESHOLDS.entries()) {
          if (method.lastScore() >= threshold) span.over[i] = (span.over[i] ?? 0) + 1;
        }
      }
      if (timeMs < from) continue;
      judged++;
      const day = Math.floor(timeMs / DAY_MS);
      days.add(day);
      const score = method.lastScore();
      for (const [i, threshold] of THRESHOLDS.entries()) {
        if (score < threshold) break;
        over[i] = (over[i] ?? 0) + 1;
        alerts[i]?.add(`${day} ${components.principal}`);
      }
    }
    for (const [i, threshold] of THRESHOLDS.entries()) {
      const nominal = (1 - threshold) ** 2;
      const share = (over[i] ?? 0) / judged;
      rows.push([
        String(seed),
        `≥ ${threshold}`,
        nominal.toExponential(1),
        share.toExponential(1),
        (share / nominal).toFixed(2),
        `${over[i]} of ${judged}`,
        ((alerts[i]?.size ?? 0) / days.size).toFixed(2),
      ]);
    }
  }
  const head = ['seed', 'score', 'nominal', 'measured', 'ratio', 'events', 'principal-days a day'];
  console.log(markdownTable(head, rows));
  console.log('\nAll seeds, measured / nominal, by day from the beginning of the stream:\n');
  const byDay = spans.map(({first, events, over}) => [
    `${first}–`,
    String(events),
    ...THRESHOLDS.map((threshold, i) => {
      const expected = events * (1 - threshold) ** 2;
      return `${((over[i] ?? 0) / expected).toFixed(2)} (${over[i]})`;
    }),
  ]);
  console.log(markdownTable(['days from', 'events', ...THRESHOLDS.map(String)], byDay));
}
