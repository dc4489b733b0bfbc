import type {Memory} from '../condition/groups.ts';
import type {EventNote} from '../evaluator.ts';
import type {Json} from '../json.ts';

/** Newest matches that are remembered of each rule, for late events to find their place among. */
const MAX_MARKS = 32;

interface Mark {
  readonly time: number;
  readonly note: EventNote;
}

/**
 * Matches of several rules by one group, in any order: whether enough of the rules have one within
 * the time. Of each rule the newest are remembered, so that many matches of one rule cannot push
 * out those of another. What is enough uses up all matches of the group.
 */
export class Together implements Memory {
  newest = Number.NEGATIVE_INFINITY;
  readonly #withinMs: number;
  readonly #enough: (mask: number) => boolean;
  /** By rule, each by time. */
  readonly #marks: Mark[][];

  /** @param enough of the set of rules that have a match, as bits */
  constructor(rules: number, withinMs: number, enough: (mask: number) => boolean) {
    this.#withinMs = withinMs;
    this.#enough = enough;
    this.#marks = Array.from({length: rules}, () => []);
  }

  get size(): number {
    return this.#marks.reduce((sum, marks) => sum + marks.length, 0);
  }

  /** Takes in a match of the rules whose bits are set; gives the events that are enough with it. */
  add(time: number, mask: number, note: EventNote): readonly EventNote[] | undefined {
    if (time > this.newest) this.newest = time;
    for (const [rule, marks] of this.#marks.entries()) {
      if ((mask & (1 << rule)) === 0) continue;
      let at = marks.length;
      while (at > 0 && (marks[at - 1] as Mark).time > time) at--;
      marks.splice(at, 0, {time, note});
      if (marks.length > MAX_MARKS) marks.shift();
    }
    const ends = this.#marks.flat().flatMap((mark) => (mark.time >= time ? [mark.time] : []));
    for (const end of [...new Set(ends)].sort((a, b) => a - b)) {
      if (end > time + this.#withinMs) break;
      const found = this.#within(end);
      if (found === undefined) continue;
      for (const marks of this.#marks) marks.length = 0;
      return found;
    }
    return undefined;
  }

  #within(end: number): readonly EventNote[] | undefined {
    let mask = 0;
    const chosen = new Map<string, Mark>();
    for (const [rule, marks] of this.#marks.entries()) {
      const mark = marks.findLast((each) => each.time <= end);
      if (mark === undefined || mark.time < end - this.#withinMs) continue;
      mask |= 1 << rule;
      chosen.set(`${mark.time} ${mark.note.eventId}`, mark);
    }
    if (!this.#enough(mask)) return undefined;
    return [...chosen.values()].sort((a, b) => a.time - b.time).map(({note}) => note);
  }

  state(): Json {
    return [
      Number.isFinite(this.newest) ? this.newest : null,
      this.#marks.map((marks) => marks.slice()) as unknown as Json,
    ];
  }

  restore(state: Json): boolean {
    if (!Array.isArray(state) || !Array.isArray(state[1])) return false;
    const [newest, marks] = state as unknown as [number | null, Mark[][]];
    if (marks.length !== this.#marks.length) return false;
    this.newest = newest ?? Number.NEGATIVE_INFINITY;
    for (const [rule, own] of marks.entries()) this.#marks[rule] = own.slice();
    return true;
  }
}
