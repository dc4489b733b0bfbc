import type {Components} from '../../event/fields.ts';
import type {Attribution} from '../evaluator.ts';
import type {Json} from '../json.ts';
import {LEAST_COUNT, TopValues} from './top-values.ts';

/** Values told of each attribute, and places to count them in. */
const TOLD_VALUES = 5;
const PLACES = 10;

/** What is left of counts after a day: a week is what they amount to. */
export const FADE = 6 / 7;

const NAMES = ['principal', 'userAgent', 'error'] as const;
export type Attributed = Pick<Components, (typeof NAMES)[number]>;
type Values = Readonly<Record<keyof Attributed, TopValues>>;
/** Of each attribute, its counts. */
export type KeptAttributes = readonly Json[];

/** Who made calls, with what and how they ended: the commonest of each. */
export class Attributes {
  /** Of all calls, as long as they are alike: many series and most counts never see others. */
  #alike: Attributed | undefined;
  #count = 0;
  /** Once they are not. */
  #values: Values | undefined;

  add(one: Attributed, count = 1): void {
    const alike = this.#alike;
    if (this.#values === undefined) {
      if (alike === undefined) {
        this.#alike = {principal: one.principal, userAgent: one.userAgent, error: one.error};
        this.#count = count;
        return;
      }
      if (
        alike.principal === one.principal &&
        alike.userAgent === one.userAgent &&
        alike.error === one.error
      ) {
        this.#count += count;
        return;
      }
    }
    this.#values = this.#all();
    this.#values.principal.add(one.principal, count);
    this.#values.userAgent.add(one.userAgent, count);
    this.#values.error.add(one.error, count);
  }

  merge(other: Attributes): void {
    if (other.#values === undefined) {
      if (other.#alike !== undefined) this.add(other.#alike, other.#count);
      return;
    }
    this.#values = this.#all();
    for (const name of NAMES) this.#values[name].merge(other.#values[name]);
  }

  /** A day passes. */
  fade(): void {
    if (this.#values !== undefined) {
      for (const name of NAMES) this.#values[name].fade(FADE);
    } else if (this.#alike !== undefined) {
      this.#count *= FADE;
      if (this.#count < LEAST_COUNT) this.#alike = undefined;
    }
  }

  clear(): void {
    this.#alike = undefined;
    this.#values = undefined;
  }

  /** Of an episode that took `minutes`, beside those of a baseline that is worth so many. */
  against(baseline: Attributes, minutes: number, baselineMinutes: number): Attribution[] {
    const own = this.#all();
    const usual = baseline.#all();
    return NAMES.map((name) => ({
      attribute: name === 'error' ? 'errorCode' : name,
      episode: averages(own[name], minutes),
      baseline: averages(usual[name], baselineMinutes),
    }));
  }

  state(numberOf: (text: string) => number): KeptAttributes {
    const all = this.#all();
    return NAMES.map((name) => all[name].state(numberOf));
  }

  restore(kept: KeptAttributes, texts: readonly string[]): void {
    this.clear();
    const values = this.#all();
    NAMES.forEach((name, i) => {
      values[name].restore(kept[i] ?? [], texts);
    });
    this.#values = values;
  }

  #all(): Values {
    if (this.#values !== undefined) return this.#values;
    const values = {
      principal: new TopValues(PLACES),
      userAgent: new TopValues(PLACES),
      error: new TopValues(PLACES),
    };
    if (this.#alike === undefined) return values;
    for (const name of NAMES) values[name].add(this.#alike[name], this.#count);
    return values;
  }
}

function averages(values: TopValues, minutes: number): Attribution['episode'] {
  return values
    .entries()
    .slice(0, TOLD_VALUES)
    .map(([value, count]) => ({value, average: count / minutes}));
}
