import type {ModelPlan} from '../../src/model/plan.ts';

interface Value {
  count: number;
  last: number;
  repeats: number;
}

/**
 * The learner written straight from the formulas, on plain maps: every sum is taken afresh, and
 * nothing is forgotten. Slow, and plainly right.
 */
export class OracleLearner {
  readonly #plan: ModelPlan;
  readonly #nodes = new Map<string, Map<number, Value>>();
  #start = Number.NaN;

  constructor(plan: ModelPlan) {
    this.#plan = plan;
  }

  score(ids: Int32Array, time: number): {bits: number[]; level: number[]} {
    const {facets, parameters} = this.#plan;
    const inflation = this.#inflation(time);
    const level: number[] = [];
    const bits = facets.map((facet, f) => {
      let tail = 0;
      let left = 1;
      let known = facet.levels.length;
      for (const [l] of facet.levels.entries()) {
        const node = this.#node(f, l, ids);
        const stored = [...node.values()].map(({count}) => count);
        const n = stored.reduce((sum, count) => sum + count, 0) / inflation;
        const discounted = Math.min(parameters.discount * node.size, 0.9 * n);
        const value = node.get(ids[facet.target]!);
        if (value !== undefined) {
          known = Math.min(known, l);
          const bucket = bucketOf(value.count);
          const lower = sum(stored.filter((count) => bucketOf(count) < bucket));
          const same = sum(stored.filter((count) => bucketOf(count) === bucket));
          const q = (lower + 0.5 * (same - value.count) + value.count) / inflation / n;
          tail += (left * q * (n - discounted)) / (n + parameters.strength);
        }
        left *= n === 0 ? 1 : (parameters.strength + discounted) / (n + parameters.strength);
      }
      level.push(known);
      return -Math.log2(Math.min(1, tail + left));
    });
    return {bits, level};
  }

  learn(ids: Int32Array, time: number): void {
    if (Number.isNaN(this.#start)) this.#start = time;
    const weight = this.#inflation(time);
    for (const [f, facet] of this.#plan.facets.entries()) {
      for (const [l] of facet.levels.entries()) {
        const node = this.#node(f, l, ids);
        const id = ids[facet.target]!;
        const value = node.get(id) ?? {count: 0, last: -Infinity, repeats: 0};
        node.set(id, value);
        const sameHour = Math.floor(time / HOUR) <= Math.floor(value.last / HOUR);
        const sameDay = Math.floor(time / DAY) <= Math.floor(value.last / DAY);
        if (l > 0 && sameDay) break;
        value.repeats = sameHour ? value.repeats + 1 : 1;
        const added = l === 0 ? weight / value.repeats : weight;
        // Counts are kept to this precision; it decides the bucket of one close to a power of two.
        value.count = Math.fround(value.count + added);
        value.last = Math.max(value.last, time);
        if (sameDay) break;
      }
    }
  }

  #node(facet: number, level: number, ids: Int32Array): Map<number, Value> {
    const columns = this.#plan.facets[facet]!.levels[level]!;
    const key = [facet, level, ...columns.map((column) => ids[column])].join();
    const node = this.#nodes.get(key) ?? new Map<number, Value>();
    this.#nodes.set(key, node);
    return node;
  }

  #inflation(time: number): number {
    if (Number.isNaN(this.#start)) return 1;
    return 2 ** ((time - this.#start) / (this.#plan.parameters.halfLifeDays * DAY));
  }
}

function bucketOf(count: number): number {
  return Math.max(0, Math.floor(Math.log2(count)) + 2);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const HOUR = 3_600_000;
const DAY = 86_400_000;
