import type {Components} from '../../event/fields.ts';
import type {Attribution} from '../evaluator.ts';
import type {Json} from '../json.ts';
import {TopValues} from './top-values.ts';

/** Values told of each attribute, and places to count them in. */
const TOLD_VALUES = 5;
const PLACES = 10;

/** What is left of counts after a day: a week is what they amount to. */
export const FADE = 6 / 7;

export type Attributed = Pick<Components, 'principal' | 'userAgent' | 'error'>;
/** Of each attribute, its counts. */
export type KeptAttributes = readonly Json[];

/** Who made calls, with what and how they ended: the commonest of each. */
export class Attributes {
  readonly #principals = new TopValues(PLACES);
  readonly #userAgents = new TopValues(PLACES);
  readonly #errors = new TopValues(PLACES);

  add({principal, userAgent, error}: Attributed, count = 1): void {
    this.#principals.add(principal, count);
    this.#userAgents.add(userAgent, count);
    this.#errors.add(error, count);
  }

  merge(other: Attributes): void {
    this.#principals.merge(other.#principals);
    this.#userAgents.merge(other.#userAgents);
    this.#errors.merge(other.#errors);
  }

  /** A day passes. */
  fade(): void {
    this.#principals.fade(FADE);
    this.#userAgents.fade(FADE);
    this.#errors.fade(FADE);
  }

  clear(): void {
    for (const values of this.#all()) values.clear();
  }

  /** Of an episode that took `minutes`, beside those of a baseline that is worth so many. */
  against(baseline: Attributes, minutes: number, baselineMinutes: number): Attribution[] {
    const one = (attribute: Attribution['attribute'], own: TopValues, usual: TopValues) => ({
      attribute,
      episode: averages(own, minutes),
      baseline: averages(usual, baselineMinutes),
    });
    return [
      one('principal', this.#principals, baseline.#principals),
      one('userAgent', this.#userAgents, baseline.#userAgents),
      one('errorCode', this.#errors, baseline.#errors),
    ];
  }

  state(numberOf: (text: string) => number): KeptAttributes {
    return this.#all().map((values) => values.state(numberOf));
  }

  restore(kept: KeptAttributes, texts: readonly string[]): void {
    this.#all().forEach((values, i) => {
      values.restore(kept[i] ?? [], texts);
    });
  }

  #all(): readonly TopValues[] {
    return [this.#principals, this.#userAgents, this.#errors];
  }
}

function averages(values: TopValues, minutes: number): Attribution['episode'] {
  return values
    .entries()
    .slice(0, TOLD_VALUES)
    .map(([value, count]) => ({value, average: count / minutes}));
}
