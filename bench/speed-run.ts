// One pipeline over one folder, measured in a process of its own; see speed.ts.
import {readFileSync, statSync} from 'node:fs';
import {gunzipSync} from 'node:zlib';
import {readShippedContexts} from '../src/app/context-file.ts';
import {Detector} from '../src/app/detector.ts';
import {scoreTrail} from '../src/app/score-trail.ts';
import {prepareDerivation} from '../src/event/derive.ts';
import {columnsOf, type DecodeSettings} from '../src/pipeline/decode-session.ts';
import {listTrail} from '../src/sources/files.ts';
import {PlainPipeline} from './baselines-speed/plain.ts';

/** What a run says of itself, as one line of JSON. */
export interface Measured {
  readonly events: number;
  readonly wall: number;
  /** User and system time of all threads of the process, seconds. */
  readonly cpu: number;
  /** Peak resident memory of the whole process, bytes. */
  readonly peak: number;
  readonly rawBytes: number;
}

const [, , pipeline = '', folder = '', warm = '1'] = process.argv;
const {files} = await listTrail([folder]);
const {stream, contexts} = readShippedContexts();

async function run(part: typeof files): Promise<{events: number; rawBytes: number}> {
  if (pipeline === 'gunzip') {
    let rawBytes = 0;
    for (const {path} of part) rawBytes += gunzipSync(readFileSync(path)).length;
    return {events: 0, rawBytes};
  }
  if (pipeline === 'plain') {
    const [context] = contexts;
    if (context === undefined) throw new Error('no context');
    const plain = new PlainPipeline(context, prepareDerivation());
    for (const {path} of part) plain.file(path);
    return {events: plain.events, rawBytes: 0};
  }
  const settings: DecodeSettings = {stream, scanner: 'fast'};
  let sum = 0;
  const {events} = await scoreTrail({
    detector: new Detector(columnsOf(settings), contexts),
    settings,
    files: part,
    workers: Number(pipeline),
    mode: 'observe',
    visit: (event) => {
      sum += event.score;
      return true;
    },
  });
  if (!Number.isFinite(sum)) throw new Error('no scores');
  return {events, rawBytes: 0};
}

// Compiled code is as warm as it is after the first minute of any long run; models begin empty.
for (let i = 0; i < Number(warm); i++) await run(files);
for (const {path} of files) statSync(path);
const cpu = process.cpuUsage();
const start = performance.now();
const {events, rawBytes} = await run(files);
const wall = (performance.now() - start) / 1000;
const {user, system} = process.cpuUsage(cpu);
const measured: Measured = {
  events,
  rawBytes,
  wall,
  cpu: (user + system) / 1e6,
  peak: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(measured));
