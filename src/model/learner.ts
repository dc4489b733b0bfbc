import {assert} from '../base/assert.ts';
import {ContextIndex} from './context-index.ts';
import {BUCKETS, bucketOf, HISTOGRAM, NODE, Nodes} from './nodes.ts';
import {assertPlan, type ModelPlan} from './plan.ts';
import {COUNT, FIRST, LAST, RECORD, REPEATS, TIMES, ValueTables} from './value-tables.ts';

/** What scoring fills in; made by `Learner.judgement` and used again for every event. */
export interface Judgement {
  /** Bits of each facet, unsaturated. */
  readonly bits: Float64Array;
  /** Level at which the value was known; the facet's number of levels if it never was. */
  readonly level: Uint8Array;
}

/** Counts behind one facet at one level. */
export interface Counts {
  /** Decayed occurrences in the context: hour-damped at the own level, days above. */
  readonly total: number;
  /** The same, as counted and never decayed. */
  readonly totalTimes: number;
  readonly distinct: number;
  /** Of these, the value's. */
  readonly count: number;
  readonly times: number;
  /** Epoch milliseconds, exact to a second; NaN if never seen. */
  readonly firstSeen: number;
  readonly lastSeen: number;
}

export interface UsualValue {
  readonly value: number;
  /** Part of the context's decayed total. */
  readonly share: number;
}

/**
 * Facet back-off novelty: for each facet the probability of a value no commoner than the event's,
 * judged by the entity's own history and, as far as that leaves room for the unseen, by ever wider
 * ones (hierarchical Pitman–Yor back-off: Teh, ACL 2006; p-values: Sanna Passino and Heard, 2019).
 *
 *     E(C)   = (θ + D) / (n + θ),  D = min(d·K, 0.9·n)
 *     Q(C,x) = [ Σ_{b'<b(x)} h[b'] + ½(h[b(x)] − c[x]) + c[x] ] / n
 *     T      = Σ_l (Π_{j<l} E(C_j)) · Q(C_l,x) · (n_l − D_l)/(n_l + θ)  +  Π_all E
 *     bits   = −log2 min(1, T)
 *
 * Counts fade by forward decay (Cormode et al., ICDE 2009): an occurrence is stored with the weight
 * g(t) = 2^((t − t0)/half-life), and never visited again.
 *
 * Columns hold dense ids ≥ 0, each column with a vocabulary of its own. Times are epoch
 * milliseconds and may come out of order: an event older than what its value's record has seen
 * counts as a repeat of the latest hour, and does not reach the wider levels a second time.
 *
 * An event adds 1/r at its own level, r counting the value's occurrences within the hour; a wider
 * context adds 1 for the first occurrence of the value on a day. So busy robots do not drown
 * people, and a burst does not make itself normal.
 *
 * `score` changes nothing; `learn` is the only write.
 *
 * Invariant: in every node n, K and the histogram are what its records add up to.
 */
export class Learner {
  readonly plan: ModelPlan;
  /** Events learnt. */
  learnt = 0;

  readonly #tables: ValueTables;
  readonly #indexes: ContextIndex[] = [];
  readonly #nodes: Nodes[] = [];
  /** Time (ms) at which a new occurrence weighs 1. */
  #landmark = Number.NaN;
  readonly #halfLife: number;

  // The plan, flattened: slot = one (facet, level).
  readonly #slotTuple: Uint8Array;
  /** Offset of the slot's node in its context's block. */
  readonly #slotNode: Int32Array;
  readonly #slotCap: Int32Array;
  readonly #facetSlot: Int32Array;
  readonly #targets: Int32Array;

  // What the last look found: node offset by slot; record offset by slot, 0 absent, −1 not looked.
  readonly #context: Int32Array;
  readonly #found: Int32Array;
  #weight = 1;
  #weightTime = Number.NaN;

  constructor(plan: ModelPlan, tables = new ValueTables()) {
    assertPlan(plan);
    this.plan = plan;
    this.#tables = tables;
    const {facets, parameters} = plan;
    this.#halfLife = parameters.halfLifeDays * DAY_MS;
    const slots = facets.reduce((sum, facet) => sum + facet.levels.length, 0);
    this.#slotTuple = new Uint8Array(slots);
    this.#slotNode = new Int32Array(slots);
    this.#slotCap = new Int32Array(slots);
    this.#facetSlot = new Int32Array(facets.length + 1);
    this.#targets = Int32Array.from(facets, (facet) => facet.target);
    this.#found = new Int32Array(slots);

    const tuples = new Map<string, {columns: readonly number[]; nodes: number}>();
    let slot = 0;
    for (const [f, facet] of facets.entries()) {
      this.#facetSlot[f] = slot;
      for (const columns of facet.levels) {
        const key = columns.join();
        const tuple = tuples.get(key) ?? {columns, nodes: 0};
        tuples.set(key, tuple);
        this.#slotTuple[slot] = [...tuples.keys()].indexOf(key);
        this.#slotNode[slot] = tuple.nodes++ * NODE;
        this.#slotCap[slot] = columns.includes(plan.entity)
          ? parameters.ownValues
          : parameters.sharedValues;
        slot++;
      }
    }
    this.#facetSlot[facets.length] = slot;
    for (const {columns, nodes} of tuples.values()) {
      this.#indexes.push(new ContextIndex(columns));
      this.#nodes.push(new Nodes(nodes));
    }
    this.#context = new Int32Array(this.#indexes.length);
  }

  judgement(): Judgement {
    const facets = this.plan.facets.length;
    return {bits: new Float64Array(facets), level: new Uint8Array(facets)};
  }

  /** Bytes held, free room included. */
  get byteLength(): number {
    const parts = [this.#tables, ...this.#indexes, ...this.#nodes];
    return parts.reduce((sum, part) => sum + part.byteLength, 0);
  }

  /** Number of contexts over each column tuple. */
  contexts(): readonly {readonly columns: readonly number[]; readonly size: number}[] {
    return this.#indexes.map(({columns, size}) => ({columns, size}));
  }

  /** Judges an event without learning from it; changes nothing that a later call could see. */
  score(ids: Int32Array, time: number, out: Judgement): void {
    this.#look(ids);
    const {discount, strength} = this.plan.parameters;
    const tables = this.#tables;
    const records = tables.floats;
    const {bits, level: knownAt} = out;
    const facetSlot = this.#facetSlot;
    const targets = this.#targets;
    const slotTuple = this.#slotTuple;
    const slotNode = this.#slotNode;
    const context = this.#context;
    const found = this.#found;
    const allNodes = this.#nodes;
    const fade = 1 / this.#weightAt(time);

    let slot = 0;
    for (let f = 0; f < targets.length; f++) {
      const value = ids[targets[f]!]!;
      const first = slot;
      const end = facetSlot[f + 1]!;
      let tail = 0;
      let left = 1;
      let known = end - first;
      for (; slot < end; slot++) {
        const tuple = slotTuple[slot]!;
        const nodes = allNodes[tuple]!;
        const node = context[tuple]! + slotNode[slot]!;
        const stored = nodes.doubles[node >> 1]!;
        if (stored === 0) {
          found[slot] = 0;
          continue;
        }
        const words = nodes.words;
        const record = tables.find(words[node + TABLE]!, words[node + SHIFT]!, value);
        found[slot] = record;
        const total = stored * fade;
        const distinct = words[node + DISTINCT]!;
        const given = Math.min(discount * distinct, 0.9 * total);
        const norm = left / (total + strength);
        if (record !== 0) {
          if (tail === 0) known = slot - first;
          const part =
            distinct === 1 ? 1 : tailMass(nodes.floats, node, records[record + COUNT]!) / stored;
          tail += norm * part * (total - given);
        }
        left = norm * (strength + given);
        // What is left cannot change the bits by 1e-5.
        if (left < 6e-6 * tail || left < 1e-9) {
          slot++;
          break;
        }
      }
      for (; slot < end; slot++) found[slot] = NOT_LOOKED;
      tail += left;
      bits[f] = tail >= 1 ? 0 : -Math.log2(tail);
      knownAt[f] = known;
    }
  }

  /** Learns from an event. */
  learn(ids: Int32Array, time: number): void {
    this.#look(ids);
    this.#found.fill(NOT_LOOKED);
    this.#learn(ids, time);
  }

  /** Scores, then learns, looking everything up once. */
  observe(ids: Int32Array, time: number, out: Judgement): void {
    this.score(ids, time, out);
    this.#learn(ids, time);
  }

  #learn(ids: Int32Array, time: number): void {
    if (Number.isNaN(this.#landmark)) {
      this.#landmark = time;
      this.#weightTime = Number.NaN;
    }
    let weight = this.#weightAt(time);
    if (weight >= REBASE_AT) {
      this.#rebase(Math.floor(Math.log2(weight)));
      weight = this.#weightAt(time);
    }
    const second = Math.min(MAX_SECOND, Math.max(0, Math.floor(time / 1_000)));
    const hour = Math.floor(second / 3_600);
    const day = Math.floor(second / 86_400);
    this.learnt++;

    const context = this.#context;
    for (let tuple = 0; tuple < context.length; tuple++) {
      const nodes = this.#nodes[tuple]!;
      let block = context[tuple]!;
      if (block === 0) {
        block = this.#addContext(tuple, ids);
        context[tuple] = block;
      }
      if (second > nodes.words[block + SEEN]! >>> 0) nodes.words[block + SEEN] = second;
    }

    const facetSlot = this.#facetSlot;
    const targets = this.#targets;
    const tables = this.#tables;
    for (let f = 0; f < targets.length; f++) {
      const value = ids[targets[f]!]!;
      const first = facetSlot[f]!;
      const end = facetSlot[f + 1]!;
      for (let slot = first; slot < end; slot++) {
        const tuple = this.#slotTuple[slot]!;
        const nodes = this.#nodes[tuple]!;
        const node = context[tuple]! + this.#slotNode[slot]!;
        const nodeWords = nodes.words;
        let record = this.#found[slot]!;
        if (record === NOT_LOOKED) {
          record = tables.find(nodeWords[node + TABLE]!, nodeWords[node + SHIFT]!, value);
        }
        let added = weight;
        let again = false;
        let words = tables.words;
        let floats = tables.floats;
        if (record === 0) {
          record = this.#insert(nodes, node, value, this.#slotCap[slot]!);
          words = tables.words;
          floats = tables.floats;
          words[record + FIRST] = second;
          words[record + LAST] = second;
          words[record + REPEATS] = 1;
        } else {
          const last = words[record + LAST]! >>> 0;
          again = day <= Math.floor(last / 86_400);
          // A wider context counts days, however many of its members had the value that day.
          if (again && slot > first) break;
          if (slot === first) {
            if (hour <= Math.floor(last / 3_600)) {
              const repeats = words[record + REPEATS]! + 1;
              words[record + REPEATS] = repeats;
              added = weight / repeats;
            } else {
              words[record + REPEATS] = 1;
            }
          }
          if (second > last) words[record + LAST] = second;
          else if (second < words[record + FIRST]! >>> 0) words[record + FIRST] = second;
        }
        const before = floats[record + COUNT]!;
        const bucketBefore = bucketOf(words[record + COUNT]!);
        floats[record + COUNT] = before + added;
        const after = floats[record + COUNT]!; // as rounded, so that the histogram adds up
        const bucket = bucketOf(words[record + COUNT]!);
        const histogram = nodes.floats;
        if (bucket === bucketBefore && before !== 0) {
          histogram[node + HISTOGRAM + bucket]! += after - before;
        } else {
          if (before !== 0) histogram[node + HISTOGRAM + bucketBefore]! -= before;
          histogram[node + HISTOGRAM + bucket]! += after;
        }
        nodes.doubles[node >> 1]! += after - before;
        const times = words[record + TIMES]! + 1;
        if (times !== 0) words[record + TIMES] = times;
        const nodeTimes = nodeWords[node + NODE_TIMES]! + 1;
        if (nodeTimes !== 0) nodeWords[node + NODE_TIMES] = nodeTimes;
        if (again) break;
      }
    }
  }

  /** Adds a record to a node, making room first; returns its offset. */
  #insert(nodes: Nodes, node: number, value: number, cap: number): number {
    const tables = this.#tables;
    const words = nodes.words;
    if (words[node + DISTINCT]! >= cap) this.#evict(nodes, node, cap);
    const table = words[node + TABLE]!;
    const shift = words[node + SHIFT]!;
    if (table === 0) {
      words[node + SHIFT] = SMALLEST;
      words[node + TABLE] = tables.allocate(SMALLEST);
    } else if (tables.isFull(shift, words[node + DISTINCT]!)) {
      words[node + TABLE] = tables.resize(table, shift, shift - 1);
      words[node + SHIFT] = shift - 1;
    }
    words[node + DISTINCT]!++;
    return tables.insert(words[node + TABLE]!, words[node + SHIFT]!, value);
  }

  /** Forgets the values of least mass: one of a small context, a sixteenth of a large one. */
  #evict(nodes: Nodes, node: number, cap: number): void {
    const tables = this.#tables;
    const words = nodes.words;
    const table = words[node + TABLE]!;
    const shift = words[node + SHIFT]!;
    const end = table + (RECORD << (32 - shift));
    let excess = cap < 1_024 ? 1 : cap >> 4;
    excess += words[node + DISTINCT]! - cap;
    const counts: number[] = [];
    for (let record = table; record < end; record += RECORD) {
      if (tables.words[record] !== 0) counts.push(tables.floats[record + COUNT]!);
    }
    const bound = Float32Array.from(counts).sort()[excess - 1]!;
    const victims: number[] = [];
    for (let record = table; record < end && victims.length < excess; record += RECORD) {
      if (tables.words[record] !== 0 && tables.floats[record + COUNT]! <= bound) {
        victims.push(tables.words[record]! - 1);
      }
    }
    for (const value of victims) {
      const record = tables.find(table, shift, value);
      const count = tables.floats[record + COUNT]!;
      nodes.floats[node + HISTOGRAM + bucketOf(tables.words[record + COUNT]!)]! -= count;
      nodes.doubles[node >> 1] = Math.max(0, nodes.doubles[node >> 1]! - count);
      tables.remove(table, shift, record);
    }
    words[node + DISTINCT]! -= victims.length;
  }

  /** Block of the event's context, which is new. */
  #addContext(tuple: number, ids: Int32Array): number {
    const index = this.#indexes[tuple]!;
    const nodes = this.#nodes[tuple]!;
    if (index.size >= this.plan.parameters.contexts && index.columns.length > 0) {
      this.#forgetContexts(index, nodes);
    }
    const number = index.add(ids);
    nodes.reserve(number);
    return number * nodes.stride;
  }

  /** Forgets the sixteenth of the contexts that was longest unseen. */
  #forgetContexts(index: ContextIndex, nodes: Nodes): void {
    const live: number[] = [];
    for (let number = 1; number <= index.highest; number++) {
      if (!index.isFreed(number)) live.push(number);
    }
    const seen = (number: number) => nodes.words[number * nodes.stride + SEEN]! >>> 0;
    live.sort((a, b) => seen(a) - seen(b) || a - b);
    const victims = live.slice(0, Math.max(1, live.length >> 4));
    for (const number of victims) {
      const block = number * nodes.stride;
      for (let node = block; node < block + nodes.stride; node += NODE) {
        const table = nodes.words[node + TABLE]!;
        if (table !== 0) this.#tables.release(table, nodes.words[node + SHIFT]!);
      }
      nodes.words.fill(0, block, block + nodes.stride);
    }
    index.remove(victims);
  }

  /** Finds the block of each context of the event; 0, the empty one, where there is none. */
  #look(ids: Int32Array): void {
    const context = this.#context;
    for (let tuple = 0; tuple < context.length; tuple++) {
      context[tuple] = this.#indexes[tuple]!.find(ids) * this.#nodes[tuple]!.stride;
    }
  }

  #weightAt(time: number): number {
    if (time === this.#weightTime) return this.#weight;
    this.#weightTime = time;
    const age = (time - this.#landmark) / this.#halfLife;
    // Before the first event every time weighs the same.
    this.#weight = Number.isNaN(age) ? 1 : 2 ** age;
    return this.#weight;
  }

  /** Moves the landmark by whole half-lives, which divides every count by a power of two. */
  #rebase(halfLives: number): void {
    this.#landmark += halfLives * this.#halfLife;
    this.#weightTime = Number.NaN;
    const factor = 2 ** -halfLives;
    const {words, floats} = this.#tables;
    for (const nodes of this.#nodes) {
      for (let node = 0; node < nodes.end; node += NODE) {
        const table = nodes.words[node + TABLE]!;
        if (table === 0) continue;
        nodes.floats.fill(0, node + HISTOGRAM, node + HISTOGRAM + BUCKETS);
        const end = table + (RECORD << (32 - nodes.words[node + SHIFT]!));
        let total = 0;
        for (let record = table; record < end; record += RECORD) {
          if (words[record] === 0) continue;
          floats[record + COUNT]! *= factor;
          const count = floats[record + COUNT]!;
          nodes.floats[node + HISTOGRAM + bucketOf(words[record + COUNT]!)]! += count;
          total += count;
        }
        nodes.doubles[node >> 1] = total;
      }
    }
  }

  /** The counts behind a facet of an event at a level; for explanations. */
  counts(facet: number, level: number, ids: Int32Array, time: number): Counts {
    const {nodes, node} = this.#nodeOf(facet, level, ids);
    const fade = 1 / this.#weightAt(time);
    const {words, floats} = this.#tables;
    const value = ids[this.#targets[facet]!]!;
    const record = this.#tables.find(nodes.words[node + TABLE]!, nodes.words[node + SHIFT]!, value);
    const known = record !== 0;
    return {
      total: nodes.doubles[node >> 1]! * fade,
      totalTimes: nodes.words[node + NODE_TIMES]! >>> 0,
      distinct: nodes.words[node + DISTINCT]!,
      count: known ? floats[record + COUNT]! * fade : 0,
      times: known ? words[record + TIMES]! >>> 0 : 0,
      firstSeen: known ? (words[record + FIRST]! >>> 0) * 1_000 : Number.NaN,
      lastSeen: known ? (words[record + LAST]! >>> 0) * 1_000 : Number.NaN,
    };
  }

  /** The commonest values of a facet's context, commonest first. */
  usual(facet: number, level: number, ids: Int32Array, limit: number): UsualValue[] {
    const {nodes, node} = this.#nodeOf(facet, level, ids);
    const table = nodes.words[node + TABLE]!;
    if (table === 0) return [];
    const {words, floats} = this.#tables;
    const total = nodes.doubles[node >> 1]!;
    const end = table + (RECORD << (32 - nodes.words[node + SHIFT]!));
    const top: UsualValue[] = [];
    let least = 0;
    for (let record = table; record < end; record += RECORD) {
      const key = words[record]!;
      if (key === 0) continue;
      const share = floats[record + COUNT]! / total;
      if (top.length === limit && share <= least) continue;
      let place = top.length;
      while (place > 0 && top[place - 1]!.share < share) place--;
      top.splice(place, 0, {value: key - 1, share});
      if (top.length > limit) top.pop();
      least = top.at(-1)!.share;
    }
    return top;
  }

  #nodeOf(facet: number, level: number, ids: Int32Array): {nodes: Nodes; node: number} {
    const slot = this.#facetSlot[facet]! + level;
    assert(slot < this.#facetSlot[facet + 1]!, `facet ${facet} has no level ${level}`);
    const tuple = this.#slotTuple[slot]!;
    const nodes = this.#nodes[tuple]!;
    const number = this.#indexes[tuple]!.find(ids);
    return {nodes, node: number * nodes.stride + this.#slotNode[slot]!};
  }
}

/** Mass of the values no commoner than one of this count: half of its bucket's others, and itself. */
function tailMass(floats: Float32Array, node: number, count: number): number {
  scratchFloats[0] = count;
  const start = node + HISTOGRAM;
  const own = start + bucketOf(scratchWords[0]!);
  let even = 0;
  let odd = 0;
  let at = start;
  for (; at + 1 < own; at += 2) {
    even += floats[at]!;
    odd += floats[at + 1]!;
  }
  if (at < own) even += floats[at]!;
  return even + odd + 0.5 * (floats[own]! + count);
}

const scratchFloats = new Float32Array(1);
const scratchWords = new Int32Array(scratchFloats.buffer);

/** Words of a node's head; see `Nodes`. */
const DISTINCT = 2;
const TABLE = 3;
const SHIFT = 4;
const NODE_TIMES = 5;
const SEEN = 6;

/** Shift of the smallest table, of two slots. */
const SMALLEST = 31;
const NOT_LOOKED = -1;
const DAY_MS = 86_400_000;
const MAX_SECOND = 2 ** 32 - 1;
/** Weight at which counts are rescaled: small enough for the histogram's range of buckets. */
const REBASE_AT = 4;
