// Cost of an event and memory as a trail grows to ten million events by 20,000 principals.
// Run with `npm run bench:scale [-- events [principals [workers]]]`.
import {execFileSync} from 'node:child_process';
import {cpus} from 'node:os';
import {readShippedContexts} from '../src/app/context-file.ts';
import {Detector} from '../src/app/detector.ts';
import {scoreTrail} from '../src/app/score-trail.ts';
import {columnsOf, type DecodeSettings} from '../src/pipeline/decode-session.ts';
import {listTrail} from '../src/sources/files.ts';
import {writeScaleTrail} from './scale-data.ts';
import {markdownTable} from './table.ts';

const [, , wanted = '10000000', many = '20000', threads = '0'] = process.argv;
const folder = writeScaleTrail(Number(wanted), Number(many));
const {files} = await listTrail([folder]);
const {stream, contexts} = readShippedContexts();
const settings: DecodeSettings = {stream, scanner: 'fast'};
const detector = new Detector(columnsOf(settings), contexts);
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {encoding: 'utf8'}).trim();
console.log(
  `${cpus()[0]?.model}, Node ${process.versions.node}, commit ${commit}, ${threads} workers, ` +
    `${many} principals\n`,
);

/** Stretches are told at 1, 2 and 5 times each power of ten. */
function* milestones(): Generator<number> {
  for (let power = 1e5; ; power *= 10) for (const times of [1, 2, 5]) yield power * times;
}

const rows: string[][] = [];
const marks = milestones();
let next = marks.next().value as number;
let events = 0;
let last = {events: 0, cpu: process.cpuUsage(), wall: performance.now()};
function tell(): void {
  const {user, system} = process.cpuUsage(last.cpu);
  const wall = performance.now() - last.wall;
  const done = events - last.events;
  rows.push([
    `${last.events} – ${events}`,
    ((user + system) / done).toFixed(2),
    ((wall * 1000) / done).toFixed(2),
    String(Math.round(detector.byteLength / 1e6)),
    String(Math.round(process.memoryUsage.rss() / 1e6)),
  ]);
  console.error(rows.at(-1)?.join('  '));
  last = {events, cpu: process.cpuUsage(), wall: performance.now()};
}
const summary = await scoreTrail({
  detector,
  settings,
  files,
  workers: Number(threads),
  mode: 'observe',
  visit: () => {
    if (++events === next) {
      tell();
      next = marks.next().value as number;
    }
    return true;
  },
});
if (events > last.events) tell();
console.log(
  markdownTable(['events', 'µs CPU an event', 'µs wall an event', 'counts, MB', 'RSS, MB'], rows),
);
console.log(
  `\n${summary.events} events, peak resident memory ` +
    `${Math.round((process.resourceUsage().maxRSS * 1024) / 1e6)} MB`,
);
