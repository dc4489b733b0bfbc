import {assert} from '../base/assert.ts';
import type {SectionReader, SectionWriter} from '../base/binary.ts';
import {Arena, COUNT, FIRST, homeOf, LAST, RECORD, REPEATS, TIMES} from './arena.ts';
import {ContextIndex} from './context-index.ts';
import {
  BELOW,
  BUCKETS,
  bucketOf,
  DISTINCT,
  NODE,
  NODE_TIMES,
  SEEN,
  SHIFT,
  TABLE,
  TOP,
} from './node.ts';
import {assertPlan, type ModelPlan} from './plan.ts';

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
 * Invariant: in every node n, K and the sums are what its records add up to.
 */
export class Learner {
  readonly plan: ModelPlan;
  /** Events learnt. */
  learnt = 0;

  readonly #arena: Arena;
  readonly #indexes: ContextIndex[] = [];
  /** Words of a block, by tuple. */
  readonly #blockWords: number[];
  /** Blocks of forgotten contexts, by tuple. */
  readonly #freeBlocks: number[][];
  /** Time (ms) at which a new occurrence weighs 1. */
  #landmark = Number.NaN;
  readonly #halfLife: number;
  /** Words of the arena that may be in use. */
  readonly #liveLimit: number;

  // The plan, flattened: slot = one (facet, level).
  readonly #slotTuple: Uint8Array;
  /** Offset of the slot's node in its context's block. */
  readonly #slotNode: Int32Array;
  /** Column of the slot's value. */
  readonly #slotTarget: Int32Array;
  readonly #slotCap: Int32Array;
  readonly #facetSlot: Int32Array;
  readonly #targets: Int32Array;

  // What the last look found: block by tuple; node and record by slot, 0 absent.
  readonly #context: Int32Array;
  readonly #node: Int32Array;
  readonly #found: Int32Array;
  /** The ids that `score` found them for, for `learn` to use; only while `#remembered`. */
  readonly #scored: Int32Array;
  #remembered = false;
  /** Keeps the reads of `#look` from being left out. */
  #touched = 0;
  readonly #masses = new Float64Array(BUCKETS);
  #weight = 1;
  #weightTime = Number.NaN;

  constructor(plan: ModelPlan) {
    assertPlan(plan);
    this.plan = plan;
    const {facets, parameters} = plan;
    this.#halfLife = parameters.halfLifeDays * DAY_MS;
    this.#liveLimit = parameters.bytes / Int32Array.BYTES_PER_ELEMENT;
    const slots = facets.reduce((sum, facet) => sum + facet.levels.length, 0);
    this.#slotTuple = new Uint8Array(slots);
    this.#slotNode = new Int32Array(slots);
    this.#slotTarget = new Int32Array(slots);
    this.#slotCap = new Int32Array(slots);
    this.#facetSlot = new Int32Array(facets.length + 1);
    this.#targets = Int32Array.from(facets, (facet) => facet.target);
    this.#node = new Int32Array(slots);
    this.#found = new Int32Array(slots);
    this.#scored = new Int32Array(plan.columnCount);

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
        this.#slotTarget[slot] = facet.target;
        this.#slotCap[slot] = columns.includes(plan.entity)
          ? parameters.ownValues
          : parameters.sharedValues;
        slot++;
      }
    }
    this.#facetSlot[facets.length] = slot;
    for (const {columns} of tuples.values()) this.#indexes.push(new ContextIndex(columns));
    this.#blockWords = [...tuples.values()].map(({nodes}) => nodes * NODE);
    this.#freeBlocks = this.#blockWords.map(() => []);
    // Block 0 stays empty and stands for contexts not seen yet.
    this.#arena = new Arena(Math.max(...this.#blockWords));
    this.#context = new Int32Array(this.#indexes.length);
  }

  judgement(): Judgement {
    const facets = this.plan.facets.length;
    return {bits: new Float64Array(facets), level: new Uint8Array(facets)};
  }

  /** Bytes held, free room included. */
  get byteLength(): number {
    const parts = [this.#arena, ...this.#indexes];
    return parts.reduce((sum, part) => sum + part.byteLength, 0);
  }

  /** Number of contexts over each column tuple. */
  contexts(): readonly {readonly columns: readonly number[]; readonly size: number}[] {
    return this.#indexes.map(({columns, size}) => ({columns, size}));
  }

  /** Judges an event without learning from it; changes nothing that a later call could see. */
  score(ids: Int32Array, time: number, out: Judgement): void {
    this.#look(ids);
    for (let i = 0; i < this.#scored.length; i++) this.#scored[i] = ids[i]!;
    this.#remembered = true;
    const {discount, strength} = this.plan.parameters;
    const {words, floats, doubles} = this.#arena;
    const {bits, level: knownAt} = out;
    const facetSlot = this.#facetSlot;
    const nodes = this.#node;
    const found = this.#found;
    const fade = this.#fadeAt(time);

    for (let f = 0; f < bits.length; f++) {
      const first = facetSlot[f]!;
      const end = facetSlot[f + 1]!;
      let tail = 0;
      let left = 1;
      let known = end - first;
      for (let slot = first; slot < end; slot++) {
        const node = nodes[slot]!;
        const stored = doubles[node >> 1]!;
        // Nothing seen, or nothing left of it: its records may be there all the same.
        if (stored === 0) continue;
        const record = found[slot]!;
        const total = stored * fade;
        const distinct = words[node + DISTINCT]!;
        const given = Math.min(discount * distinct, 0.9 * total);
        const norm = left / (total + strength);
        if (record !== 0) {
          if (tail === 0) known = slot - first;
          let part = 1;
          if (distinct !== 1) {
            // Mass of the values no commoner: half of its bucket's others, and itself.
            const bucket = bucketOf(words[record + COUNT]!);
            const below = floats[node + BELOW + bucket]!;
            const upTo = bucket === words[node + TOP] ? stored : floats[node + BELOW + bucket + 1]!;
            part = (0.5 * (below + upTo + floats[record + COUNT]!)) / stored;
          }
          tail += norm * part * (total - given);
        }
        left = norm * (strength + given);
        // What is left cannot change the bits by 1e-5.
        if (left < 6e-6 * tail || left < 1e-9) break;
      }
      const usual = tail + left;
      const odd = 1 - usual;
      // The series of the logarithm, right to 1e-9 there, is much cheaper.
      if (odd < 0.002) bits[f] = odd <= 0 ? 0 : Math.LOG2E * odd * (1 + odd * (0.5 + odd / 3));
      else bits[f] = -Math.log2(usual);
      knownAt[f] = known;
    }
  }

  /** Learns from an event; the faster if it is the one just scored. */
  learn(ids: Int32Array, time: number): void {
    if (!this.#remembers(ids)) this.#look(ids);
    this.#learn(ids, time);
  }

  /** Whether what the last look found is this event's, and nothing was learnt since. */
  #remembers(ids: Int32Array): boolean {
    if (!this.#remembered) return false;
    const scored = this.#scored;
    for (let i = 0; i < scored.length; i++) if (scored[i] !== ids[i]) return false;
    return true;
  }

  /** Scores, then learns, looking everything up once. */
  observe(ids: Int32Array, time: number, out: Judgement): void {
    this.score(ids, time, out);
    this.#learn(ids, time);
  }

  #learn(ids: Int32Array, time: number): void {
    this.#remembered = false;
    if (Number.isNaN(this.#landmark)) {
      this.#landmark = time;
      this.#weightTime = Number.NaN;
    }
    let weight = this.#weightAt(time);
    if (weight >= REBASE_AT) {
      this.#rebase(Math.floor((time - this.#landmark) / this.#halfLife));
      weight = this.#weightAt(time);
    }
    const second = Math.min(MAX_SECOND, Math.max(0, Math.floor(time / 1_000)));
    const hourBegan = second - (second % 3_600);
    const dayBegan = second - (second % 86_400);
    this.learnt++;

    const arena = this.#arena;
    const context = this.#context;
    for (let tuple = 0; tuple < context.length; tuple++) {
      let block = context[tuple]!;
      if (block === 0) {
        block = this.#addContext(tuple, ids);
        context[tuple] = block;
      }
      if (second > arena.words[block + SEEN]! >>> 0) arena.words[block + SEEN] = second;
    }

    const facetSlot = this.#facetSlot;
    const targets = this.#targets;
    for (let f = 0; f < targets.length; f++) {
      const value = ids[targets[f]!]!;
      const first = facetSlot[f]!;
      const end = facetSlot[f + 1]!;
      for (let slot = first; slot < end; slot++) {
        const node = context[this.#slotTuple[slot]!]! + this.#slotNode[slot]!;
        let words = arena.words;
        let record = this.#found[slot]!;
        let added = weight;
        let again = false;
        if (record === 0) {
          record = this.#insert(node, value, this.#slotCap[slot]!);
          words = arena.words;
          words[record + FIRST] = second;
          words[record + LAST] = second;
          words[record + REPEATS] = 1;
        } else {
          const last = words[record + LAST]! >>> 0;
          again = last >= dayBegan;
          // A wider context counts days, however many of its members had the value that day.
          if (again && slot > first) break;
          if (slot === first) {
            if (last >= hourBegan) {
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
        this.#count(node, record, added);
        if (again) break;
      }
    }
    if (arena.live > this.#liveLimit) this.#forgetIfOverfull();
  }

  /** Adds to a record's count, and keeps n and the sums of the node true. */
  #count(node: number, record: number, added: number): void {
    const {words, floats, doubles} = this.#arena;
    const before = floats[record + COUNT]!;
    const from = before === 0 ? -1 : bucketOf(words[record + COUNT]!);
    floats[record + COUNT] = before + added;
    const after = floats[record + COUNT]!; // as rounded, so that the sums add up
    const to = bucketOf(words[record + COUNT]!);
    const sums = node + BELOW;
    let top = words[node + TOP]!;
    if (to > top) {
      const total = doubles[node >> 1]!;
      while (top < to) floats[sums + ++top] = total;
      words[node + TOP] = top;
    }
    // Out of its bucket and into a higher one: the buckets between no longer have it below them.
    if (from >= 0) for (let b = from + 1; b <= to; b++) floats[sums + b]! -= before;
    const more = after - before;
    for (let b = to + 1; b <= top; b++) floats[sums + b]! += more;
    doubles[node >> 1]! += more;
    const times = words[record + TIMES]! + 1;
    if (times !== 0) words[record + TIMES] = times;
    const nodeTimes = words[node + NODE_TIMES]! + 1;
    if (nodeTimes !== 0) words[node + NODE_TIMES] = nodeTimes;
  }

  /** Adds a record to a node, making room first; returns its offset. */
  #insert(node: number, value: number, cap: number): number {
    const arena = this.#arena;
    if (arena.words[node + DISTINCT]! >= cap) this.#evict(node, cap);
    let table = arena.words[node + TABLE]!;
    let shift = arena.words[node + SHIFT]!;
    if (table === 0) {
      shift = SMALLEST;
      table = arena.allocate(shift);
    } else if (arena.isFull(shift, arena.words[node + DISTINCT]!)) {
      table = arena.resize(table, shift, shift - 1);
      shift--;
    }
    const words = arena.words;
    words[node + TABLE] = table;
    words[node + SHIFT] = shift;
    words[node + DISTINCT]!++;
    return arena.insert(table, shift, value);
  }

  /** Forgets the values of least mass: one of a small context, a sixteenth of a large one. */
  #evict(node: number, cap: number): void {
    const arena = this.#arena;
    const {words, floats} = arena;
    const table = words[node + TABLE]!;
    const shift = words[node + SHIFT]!;
    const end = table + (RECORD << (32 - shift));
    const excess = words[node + DISTINCT]! - cap + (cap < 256 ? 1 : cap >> 4);
    if (excess === 1) {
      arena.remove(table, shift, this.#least(table, end));
      words[node + DISTINCT]!--;
      this.#sum(node);
      return;
    }
    const bound = this.#smallest(table, end, excess);
    const victims: number[] = [];
    for (let record = table; record < end && victims.length < excess; record += RECORD) {
      if (words[record] !== 0 && floats[record + COUNT]! <= bound) victims.push(words[record]! - 1);
    }
    for (const value of victims) arena.remove(table, shift, arena.find(table, shift, value));
    words[node + DISTINCT]! -= victims.length;
    this.#sum(node);
  }

  /** The first record of a table with the least count; there must be one. */
  #least(table: number, end: number): number {
    const {words} = this.#arena;
    let least = INT32_MAX;
    let place = table;
    for (let record = table; record < end; record += RECORD) {
      // Counts are not negative, so their bits are in the same order; those of a free slot are the
      // highest. Every other slot is free, and a branch for that would be foretold wrongly.
      const free = (words[record]! - 1) >> 31;
      const bits = words[record + COUNT]! | (free & INT32_MAX);
      if (bits < least) {
        least = bits;
        place = record;
      }
    }
    return place;
  }

  /** The count that so many records of a table do not exceed. */
  #smallest(table: number, end: number, records: number): number {
    const {words, floats} = this.#arena;
    const counts: number[] = [];
    for (let record = table; record < end; record += RECORD) {
      if (words[record] !== 0) counts.push(floats[record + COUNT]!);
    }
    return Float32Array.from(counts).sort()[records - 1]!;
  }

  /** Computes n and the sums of a node afresh from its records. */
  #sum(node: number): void {
    const {words, floats, doubles} = this.#arena;
    const table = words[node + TABLE]!;
    const end = table + (RECORD << (32 - words[node + SHIFT]!));
    const masses = this.#masses.fill(0);
    let total = 0;
    let top = 0;
    for (let record = table; record < end; record += RECORD) {
      // A free slot adds nothing: all its words are zero.
      const bucket = bucketOf(words[record + COUNT]!);
      const count = floats[record + COUNT]!;
      masses[bucket]! += count;
      total += count;
      if (bucket > top) top = bucket;
    }
    doubles[node >> 1] = total;
    words[node + TOP] = top;
    let below = 0;
    for (let b = 0; b <= top; b++) {
      floats[node + BELOW + b] = below;
      below += masses[b]!;
    }
  }

  /** Block of the event's context, which is new. */
  #addContext(tuple: number, ids: Int32Array): number {
    const index = this.#indexes[tuple]!;
    if (index.size >= this.plan.parameters.contexts && index.columns.length > 0) {
      this.#forgetContexts(tuple);
    }
    const block = this.#freeBlocks[tuple]!.pop() ?? this.#arena.block(this.#blockWords[tuple]!);
    index.add(ids, block);
    return block;
  }

  #forgetIfOverfull(): void {
    let live = this.#arena.live;
    // Blocks of forgotten contexts are the arena's in use, but free.
    for (const [tuple, blocks] of this.#freeBlocks.entries()) {
      live -= blocks.length * this.#blockWords[tuple]!;
    }
    if (live <= this.#liveLimit) return;
    for (const [tuple, {columns, size}] of this.#indexes.entries()) {
      if (columns.length > 0 && size > 0) this.#forgetContexts(tuple);
    }
  }

  /** Forgets the sixteenth of the contexts that was longest unseen. */
  #forgetContexts(tuple: number): void {
    const words = this.#arena.words;
    const blocks: number[] = [];
    this.#indexes[tuple]!.each((block) => {
      blocks.push(block);
    });
    blocks.sort((a, b) => (words[a + SEEN]! >>> 0) - (words[b + SEEN]! >>> 0) || a - b);
    const victims = blocks.slice(0, Math.max(1, blocks.length >> 4));
    const size = this.#blockWords[tuple]!;
    for (const block of victims) {
      for (let node = block; node < block + size; node += NODE) {
        if (words[node + TABLE] !== 0)
          this.#arena.release(words[node + TABLE]!, words[node + SHIFT]!);
      }
      words.fill(0, block, block + size);
    }
    this.#indexes[tuple]!.remove(new Set(victims));
    this.#freeBlocks[tuple]!.push(...victims);
  }

  /**
   * Finds the block of each context of the event (0, the empty one, where there is none), and in
   * each the node and the value's record.
   *
   * Most of these reads miss the cache. The loops are short, and one for each kind of read, so that
   * the processor has all reads of a kind on their way at once: looked up one level after the other
   * they cost several times as much.
   */
  #look(ids: Int32Array): void {
    const context = this.#context;
    const indexes = this.#indexes;
    for (let tuple = 0; tuple < context.length; tuple++) {
      context[tuple] = indexes[tuple]!.find(ids);
    }
    const arena = this.#arena;
    const {words} = arena;
    const slotTuple = this.#slotTuple;
    const slotNode = this.#slotNode;
    const slotTarget = this.#slotTarget;
    const nodes = this.#node;
    const found = this.#found;
    let touched = this.#touched;
    for (let slot = 0; slot < nodes.length; slot++) {
      const node = context[slotTuple[slot]!]! + slotNode[slot]!;
      nodes[slot] = node;
      touched ^= words[node]!;
    }
    for (let slot = 0; slot < nodes.length; slot++) {
      const node = nodes[slot]!;
      found[slot] = homeOf(words[node + TABLE]!, words[node + SHIFT]!, ids[slotTarget[slot]!]!);
    }
    for (let slot = 0; slot < found.length; slot++) touched ^= words[found[slot]!]!;
    this.#touched = touched;
    for (let slot = 0; slot < nodes.length; slot++) {
      const value = ids[slotTarget[slot]!]!;
      // Nearly always it lies where the search begins.
      if (words[found[slot]!] === value + 1) continue;
      const node = nodes[slot]!;
      found[slot] = arena.find(words[node + TABLE]!, words[node + SHIFT]!, value);
    }
  }

  #weightAt(time: number): number {
    if (time === this.#weightTime) return this.#weight;
    this.#weightTime = time;
    const age = (time - this.#landmark) / this.#halfLife;
    // Before the first event every time weighs the same.
    this.#weight = Number.isNaN(age) ? 1 : Math.max(LEAST_WEIGHT, Math.exp(age * Math.LN2));
    return this.#weight;
  }

  /** What counts are worth at a time. A very late event is judged by them nearly as they are. */
  #fadeAt(time: number): number {
    return Math.min(2, 1 / this.#weightAt(time));
  }

  /** Moves the landmark by whole half-lives, which divides every count by a power of two. */
  #rebase(halfLives: number): void {
    this.#landmark += halfLives * this.#halfLife;
    this.#weightTime = Number.NaN;
    const factor = 2 ** -halfLives;
    const {words, floats} = this.#arena;
    for (const [tuple, index] of this.#indexes.entries()) {
      const size = this.#blockWords[tuple]!;
      index.each((block) => {
        for (let node = block; node < block + size; node += NODE) {
          const table = words[node + TABLE]!;
          if (table === 0) continue;
          const end = table + (RECORD << (32 - words[node + SHIFT]!));
          for (let record = table; record < end; record += RECORD) {
            if (words[record] !== 0) floats[record + COUNT]! *= factor;
          }
          this.#sum(node);
        }
      });
    }
  }

  /** The counts behind a facet of an event at a level; for explanations. */
  counts(facet: number, level: number, ids: Int32Array, time: number): Counts {
    const node = this.#nodeOf(facet, level, ids);
    const fade = this.#fadeAt(time);
    const {words, floats, doubles} = this.#arena;
    const value = ids[this.#targets[facet]!]!;
    const record = this.#arena.find(words[node + TABLE]!, words[node + SHIFT]!, value);
    const known = record !== 0;
    return {
      total: doubles[node >> 1]! * fade,
      totalTimes: words[node + NODE_TIMES]! >>> 0,
      distinct: words[node + DISTINCT]!,
      count: known ? floats[record + COUNT]! * fade : 0,
      times: known ? words[record + TIMES]! >>> 0 : 0,
      firstSeen: known ? (words[record + FIRST]! >>> 0) * 1_000 : Number.NaN,
      lastSeen: known ? (words[record + LAST]! >>> 0) * 1_000 : Number.NaN,
    };
  }

  /** The commonest values of a facet's context, commonest first; one look at all its values. */
  usual(facet: number, level: number, ids: Int32Array, limit: number): UsualValue[] {
    const node = this.#nodeOf(facet, level, ids);
    const {words, floats, doubles} = this.#arena;
    const table = words[node + TABLE]!;
    if (table === 0) return [];
    const total = doubles[node >> 1]!;
    if (total === 0) return [];
    const end = table + (RECORD << (32 - words[node + SHIFT]!));
    const top: UsualValue[] = [];
    for (let record = table; record < end; record += RECORD) {
      const key = words[record]!;
      if (key === 0) continue;
      const share = floats[record + COUNT]! / total;
      if (top.length === limit && share <= top[limit - 1]!.share) continue;
      let place = top.length;
      while (place > 0 && top[place - 1]!.share < share) place--;
      top.splice(place, 0, {value: key - 1, share});
      if (top.length > limit) top.pop();
    }
    return top;
  }

  /** Every value of a facet's context, in no order. */
  values(facet: number, level: number, ids: Int32Array): number[] {
    const node = this.#nodeOf(facet, level, ids);
    const {words} = this.#arena;
    const table = words[node + TABLE]!;
    if (table === 0) return [];
    const end = table + (RECORD << (32 - words[node + SHIFT]!));
    const values: number[] = [];
    for (let record = table; record < end; record += RECORD) {
      if (words[record] !== 0) values.push(words[record]! - 1);
    }
    return values;
  }

  /**
   * Judges an event that was learnt already, as if it had not been: for looking back over a stream
   * once all of it is known. At the own level the event's part of the count is taken out, all of
   * it if the value was seen once, else a mean part (count / times seen); and as long as a value
   * was seen once only, the same at the next wider level. Learning first and judging so afterwards
   * finds what is rare in the whole stream, the first days included, and needs no warm-up. It does
   * not undo the order of events, so numbers differ somewhat from those of a second pass.
   */
  scoreWithout(ids: Int32Array, time: number, out: Judgement): void {
    const {discount, strength} = this.plan.parameters;
    const {words, floats, doubles} = this.#arena;
    const fade = this.#fadeAt(time);
    for (let f = 0; f < this.#targets.length; f++) {
      const value = ids[this.#targets[f]!]!;
      const levels = this.#facetSlot[f + 1]! - this.#facetSlot[f]!;
      let tail = 0;
      let left = 1;
      let known = levels;
      let removing = true;
      for (let level = 0; level < levels; level++) {
        const node = this.#nodeOf(f, level, ids);
        const record = this.#arena.find(words[node + TABLE]!, words[node + SHIFT]!, value);
        let stored = doubles[node >> 1]!;
        let distinct = words[node + DISTINCT]!;
        let count = 0;
        let own = 0;
        if (record !== 0) {
          own = floats[record + COUNT]!;
          count = own;
          if (removing) {
            const times = Math.max(1, words[record + TIMES]! >>> 0);
            count = times === 1 ? 0 : own * (1 - 1 / times);
            stored = Math.max(0, stored - (own - count));
            if (times === 1) distinct--;
            removing = times === 1;
          }
        }
        if (stored * fade < NOTHING || distinct === 0) continue;
        const total = stored * fade;
        const given = Math.min(discount * distinct, 0.9 * total);
        const norm = left / (total + strength);
        if (count > 0) {
          if (known === levels) known = level;
          const bucket = bucketOf(floatBits(count));
          const top = words[node + TOP]!;
          const sumBelow = (b: number) =>
            b > top ? doubles[node >> 1]! : floats[node + BELOW + b]!;
          const below = sumBelow(bucket);
          let same = sumBelow(bucket + 1) - below;
          if (bucket === bucketOf(words[record + COUNT]!)) same -= own;
          const part = Math.min(1, (below + 0.5 * Math.max(0, same) + count) / stored);
          tail += norm * part * (total - given);
        }
        left = norm * (strength + given);
      }
      out.bits[f] = -Math.log2(Math.min(1, tail + left));
      out.level[f] = known;
    }
  }

  /** Marks every id that a context or a value still uses; `used` has an array for each column. */
  mark(used: readonly Uint8Array[]): void {
    const words = this.#arena.words;
    for (const [tuple, index] of this.#indexes.entries()) {
      const targets: {readonly node: number; readonly column: number}[] = [];
      for (let f = 0; f < this.#targets.length; f++) {
        for (let slot = this.#facetSlot[f]!; slot < this.#facetSlot[f + 1]!; slot++) {
          if (this.#slotTuple[slot] !== tuple) continue;
          targets.push({node: this.#slotNode[slot]!, column: this.#targets[f]!});
        }
      }
      index.each((block, ids) => {
        for (const [i, id] of ids.entries()) used[index.columns[i]!]![id] = 1;
        for (const {node, column} of targets) {
          const table = words[block + node + TABLE]!;
          if (table === 0) continue;
          const end = table + (RECORD << (32 - words[block + node + SHIFT]!));
          for (let record = table; record < end; record += RECORD) {
            if (words[record] !== 0) used[column]![words[record]! - 1] = 1;
          }
        }
      });
    }
  }

  save(to: SectionWriter): void {
    to.numbers('learner', [this.learnt, this.#landmark]);
    this.#arena.save(to);
    for (const [tuple, index] of this.#indexes.entries()) {
      to.write(`contexts.${tuple}`, index.state());
      to.write(`contexts.${tuple}.free`, Int32Array.from(this.#freeBlocks[tuple]!));
    }
  }

  /** Carries on where `save` left off; the plan must be the same. */
  restore(from: SectionReader): void {
    const [learnt, landmark] = from.float64('learner');
    this.#remembered = false;
    this.learnt = learnt!;
    this.#landmark = landmark!;
    this.#weightTime = Number.NaN;
    this.#arena.restore(from);
    for (const [tuple, index] of this.#indexes.entries()) {
      index.restore(from.int32(`contexts.${tuple}`));
      this.#freeBlocks[tuple] = [...from.int32(`contexts.${tuple}.free`)];
    }
  }

  #nodeOf(facet: number, level: number, ids: Int32Array): number {
    const slot = this.#facetSlot[facet]! + level;
    assert(slot < this.#facetSlot[facet + 1]!, `facet ${facet} has no level ${level}`);
    const index = this.#indexes[this.#slotTuple[slot]!]!;
    return index.find(ids) + this.#slotNode[slot]!;
  }
}

const scratch = new Float32Array(1);
const scratchBits = new Int32Array(scratch.buffer);

function floatBits(value: number): number {
  scratch[0] = value;
  return scratchBits[0]!;
}

/** Shift of the smallest table, of two slots. */
const SMALLEST = 31;
const INT32_MAX = 2 ** 31 - 1;
/** Rounding may leave this much where a count was taken out. */
const NOTHING = 1e-6;
const DAY_MS = 86_400_000;
const MAX_SECOND = 2 ** 32 - 1;
/** Weight at which counts are rescaled: small enough for the histogram's range of buckets. */
const REBASE_AT = 32;
/** However late an event, it counts for so much of one at the landmark. */
const LEAST_WEIGHT = 2 ** -20;
