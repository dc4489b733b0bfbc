/**
 * Does the calibrator keep its word? Streams of R with bursts of several events of one entity, with
 * and without attacks: share of events above each score against the nominal one, and what is left
 * of the attacks' scores.
 *
 *     npx tsx bench/calibration.ts [first seed] [seeds]
 */
import {Random} from '../src/base/random.ts';
import {Calibrator, DEFAULT_CALIBRATION, scoreOf} from '../src/score/calibrator.ts';

const DAYS = 60;
const PER_DAY = 12_000;
const DAY = 86_400_000;
const LEVELS = [
  [0.95, 1 / 400],
  [0.99, 1e-4],
  [0.999, 1e-6],
] as const;

interface Item {
  readonly time: number;
  readonly entity: number;
  readonly raised: number;
  readonly attack: boolean;
}

function stream(seed: number, heavy: number, attackEvery: number): Item[] {
  const random = new Random(seed);
  const items: Item[] = [];
  const add = (time: number, entity: number, raised: number, attack = false) =>
    items.push({time, entity, raised, attack});
  for (let day = 0; day < DAYS; day++) {
    for (let i = 0; i < PER_DAY; i++) {
      add((day + random.next()) * DAY, random.below(300), random.exponential(2.5));
    }
    for (let burst = random.poisson(25); burst > 0; burst--) {
      const entity = random.below(300);
      const size = Math.min(400, Math.floor((1 - random.next()) ** (-1 / heavy)));
      const level = 9 + random.exponential(4) + Math.log(size);
      let time = (day + random.next()) * DAY;
      for (let i = 0; i < size; i++) {
        time += random.exponential(120_000);
        add(time, entity, Math.max(0, level + 2 * random.normal()));
      }
    }
    if (attackEvery > 0 && day >= 14 && day % attackEvery === 3) {
      const entity = random.below(300);
      let time = (day + random.next()) * DAY;
      for (let i = 0; i < 300; i++) {
        time += random.exponential(30_000);
        add(time, entity, Math.max(10, 45 + 6 * random.normal()), true);
      }
    }
  }
  return items.sort((a, b) => a.time - b.time);
}

function run(items: readonly Item[], clusterHours: number): {over: number[]; kept: number[]} {
  const calibrator = new Calibrator({...DEFAULT_CALIBRATION, clusterHours});
  const over = LEVELS.map(() => 0);
  const kept = LEVELS.map(() => 0);
  let events = 0;
  let attacks = 0;
  for (const {time, entity, raised, attack} of items) {
    const share = calibrator.share(raised, entity);
    calibrator.learn(raised, time, entity, share);
    if (time < 14 * DAY) continue;
    if (attack) attacks++;
    else events++;
    for (const [l, [level]] of LEVELS.entries()) {
      const counts = attack ? kept : over;
      if (scoreOf(share) >= level) counts[l] = (counts[l] ?? 0) + 1;
    }
  }
  return {
    over: over.map((count, l) => count / events / (LEVELS[l]?.[1] ?? 1)),
    kept: kept.map((count) => count / attacks),
  };
}

const first = Number(process.argv[2] ?? 1);
const seeds = Number(process.argv[3] ?? 3);
for (const heavy of [1.3, 2]) {
  for (const clusterHours of [0, 24]) {
    const quiet = LEVELS.map(() => 0);
    const kept = LEVELS.map(() => 0);
    const spread: string[] = [];
    for (let seed = first; seed < first + seeds; seed++) {
      const calm = run(stream(seed, heavy, 0), clusterHours);
      const war = run(stream(seed, heavy, 12), clusterHours);
      for (const l of LEVELS.keys()) {
        quiet[l] = (quiet[l] ?? 0) + (calm.over[l] ?? 0) / seeds;
        kept[l] = (kept[l] ?? 0) + (war.kept[l] ?? 0) / seeds;
      }
      spread.push(calm.over.map((ratio) => ratio.toFixed(2)).join('/'));
    }
    const list = (numbers: number[]) => numbers.map((n) => n.toFixed(2)).join(' ');
    console.log(
      `bursts ^-${heavy}, ${clusterHours === 0 ? 'plain' : 'clustered'}: ` +
        `events over nominal at 0.95 0.99 0.999: ${list(quiet)} (${spread.join(', ')}); ` +
        `attack events kept there: ${list(kept)}`,
    );
  }
}
