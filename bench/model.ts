/**
 * Speed and size of the learner on a synthetic stream: events a second of `observe` with the eight
 * facets of the CloudTrail profile, medians over repeated passes.
 *
 *     npx tsx bench/model.ts [events a pass] [passes]
 */
import {cpus} from 'node:os';
import {Random} from '../src/base/random.ts';
import {Learner} from '../src/model/learner.ts';
import {VECTOR_COLUMNS, VECTOR_PLAN} from '../test/vectors/read.ts';

const EVENTS = Number(process.argv[2] ?? 500_000);
const PASSES = Number(process.argv[3] ?? 5);
const WIDTH = VECTOR_COLUMNS.length;
const DAY = 86_400_000;

interface Stream {
  readonly ids: Int32Array;
  readonly times: Float64Array;
}

/** Principals by a Zipf law, each with habits of its own and the odd exception. */
function stream(principals: number, events: number, seed: number): Stream {
  const random = new Random(seed);
  const zipf = (limit: number) => Math.min(limit - 1, Math.floor(limit ** random.next()) - 1);
  const habits = Array.from({length: principals}, (_, identity) => {
    const ops = Array.from({length: 4 + random.below(20)}, () => zipf(2_000));
    const networks = Array.from({length: 1 + random.below(3)}, () => random.below(5_000));
    const resources = Array.from({length: 3 + random.below(12)}, () => random.below(50_000));
    return {identity, kind: identity % 5, peer: identity % 200, ops, networks, resources};
  });
  const ids = new Int32Array(events * WIDTH);
  const times = new Float64Array(events);
  for (let i = 0; i < events; i++) {
    const who = habits[zipf(principals)]!;
    const odd = random.chance(0.01);
    const op = odd ? random.below(2_000) : who.ops[zipf(who.ops.length)]!;
    const time = 1.7e12 + (i / events) * 30 * DAY;
    times[i] = time;
    ids.set(
      [
        who.identity,
        who.kind,
        who.peer,
        who.identity % 20,
        odd ? random.below(5_000) : who.networks[zipf(who.networks.length)]!,
        who.identity % 12,
        op % 100,
        op,
        zipf(4),
        random.chance(0.05) ? 1 + random.below(10) : 0,
        who.resources[zipf(who.resources.length)]!,
        Math.floor(time / 14_400_000) % 6,
      ],
      i * WIDTH,
    );
  }
  return {ids, times};
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

console.log(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`);
let sink = 0;
for (const principals of (process.env.PRINCIPALS ?? '1000,20000').split(',').map(Number)) {
  const {ids, times} = stream(principals, EVENTS, principals);
  const views = Array.from({length: EVENTS}, (_, i) => ids.subarray(i * WIDTH, (i + 1) * WIDTH));
  const rates: number[] = [];
  const scoring: number[] = [];
  let learner = new Learner(VECTOR_PLAN);
  for (let pass = 0; pass <= PASSES; pass++) {
    learner = new Learner(VECTOR_PLAN);
    const out = learner.judgement();
    let start = performance.now();
    for (let i = 0; i < EVENTS; i++) {
      learner.observe(views[i]!, times[i]!, out);
      sink += out.bits[0]!;
    }
    if (pass > 0) rates.push((EVENTS / (performance.now() - start)) * 1_000);
    start = performance.now();
    for (let i = 0; i < EVENTS; i++) {
      learner.score(views[i]!, times[i]!, out);
      sink += out.bits[0]!;
    }
    if (pass > 0) scoring.push((EVENTS / (performance.now() - start)) * 1_000);
  }
  const kilo = (rate: number) => `${Math.round(rate / 1_000)} k/s`;
  const spread = `${kilo(Math.min(...rates))} to ${kilo(Math.max(...rates))}`;
  console.log(
    `${principals} principals: observe ${kilo(median(rates))} (${spread}), ` +
      `score ${kilo(median(scoring))}, state ${(learner.byteLength / 2 ** 20).toFixed(1)} MiB`,
  );
  console.log(
    learner
      .contexts()
      .map(({columns, size}) => `${columns.join('+') || 'all'}: ${size}`)
      .join(', '),
  );
}
if (Number.isNaN(sink)) console.log('nothing was judged');
