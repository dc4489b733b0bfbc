import type {AlarmState} from '../evaluator.ts';

/** Longest rule, and the most alarms it may name, as in CloudWatch. */
export const MAX_RULE_LENGTH = 10_240;
export const MAX_RULE_ALARMS = 100;
/** Parentheses and NOTs within each other. */
export const MAX_RULE_DEPTH = 50;

/** Something wrong at a character of the rule. */
export interface RuleProblem {
  readonly offset: number;
  readonly message: string;
}

/** A rule over the states of alarms. */
export interface CompositeRule {
  /** Of the alarms it names, in order, each once. */
  readonly ids: readonly string[];
  evaluate(stateOf: (id: string) => AlarmState): boolean;
}

export type CompiledRule =
  | {readonly ok: true; readonly rule: CompositeRule}
  | {readonly ok: false; readonly problems: readonly RuleProblem[]};

type Expression = (stateOf: (id: string) => AlarmState) => boolean;

const STATES: readonly string[] = ['ALARM', 'OK', 'INSUFFICIENT_DATA'];
const WORDS: readonly string[] = [...STATES, 'AND', 'OR', 'NOT', 'TRUE', 'FALSE'];

/** A name without quotes: whatever cannot end it. */
const BARE_ID = /[^\s()"',]+/y;

class Refusal extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/**
 * Reads a rule as composite alarms of CloudWatch have them: `ALARM(id)`, `OK(id)`,
 * `INSUFFICIENT_DATA(id)`, `TRUE`, `FALSE`, joined by `NOT`, `AND`, `OR` (binding in this order)
 * and parentheses; an id stands in double or single quotes, or in none.
 */
export function compileComposite(text: string): CompiledRule {
  if (text.length > MAX_RULE_LENGTH) {
    const message = `A rule is at most ${MAX_RULE_LENGTH} characters long, not ${text.length}`;
    return {ok: false, problems: [{offset: MAX_RULE_LENGTH, message}]};
  }
  const reader = new Reader(text);
  try {
    const evaluate = reader.rule();
    return {ok: true, rule: {ids: [...reader.ids], evaluate}};
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return {ok: false, problems: [{offset: error.offset, message: error.message}]};
  }
}

/** By recursive descent. */
class Reader {
  readonly ids = new Set<string>();
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  rule(): Expression {
    const expression = this.#or();
    this.#space();
    if (this.#at < this.#text.length) {
      throw this.#refusal(this.#text[this.#at] === ')' ? 'No "(" for this ")"' : 'AND or OR');
    }
    return expression;
  }

  #or(): Expression {
    const all = [this.#and()];
    while (this.#word('OR')) all.push(this.#and());
    return all.length === 1 ? (all[0] as Expression) : (stateOf) => all.some((one) => one(stateOf));
  }

  #and(): Expression {
    const all = [this.#not()];
    while (this.#word('AND')) all.push(this.#not());
    return all.length === 1
      ? (all[0] as Expression)
      : (stateOf) => all.every((one) => one(stateOf));
  }

  #not(): Expression {
    const from = this.#space();
    if (!this.#word('NOT')) return this.#primary();
    this.#enter(from);
    const inner = this.#not();
    this.#depth--;
    return (stateOf) => !inner(stateOf);
  }

  #primary(): Expression {
    const from = this.#space();
    if (this.#sign('(')) {
      this.#enter(from);
      const inner = this.#or();
      this.#depth--;
      if (!this.#sign(')')) throw this.#refusal('")", or AND or OR');
      return inner;
    }
    if (this.#word('TRUE')) return () => true;
    if (this.#word('FALSE')) return () => false;
    for (const state of STATES) {
      if (!this.#word(state)) continue;
      if (!this.#sign('(')) throw this.#refusal(`"(" and the id of an alarm after ${state}`);
      const id = this.#id();
      if (!this.#sign(')')) throw this.#refusal('")" after the id of an alarm');
      return (stateOf) => stateOf(id) === state;
    }
    throw this.#refusal('ALARM("…"), OK("…"), INSUFFICIENT_DATA("…"), TRUE, FALSE, NOT or "("');
  }

  #id(): string {
    const from = this.#space();
    const quote = this.#text[from];
    let id: string;
    if (quote === '"' || quote === "'") {
      const end = this.#text.indexOf(quote, from + 1);
      if (end < 0) throw new Refusal(from, 'The quote of this id is not closed');
      id = this.#text.slice(from + 1, end);
      this.#at = end + 1;
    } else {
      BARE_ID.lastIndex = from;
      id = BARE_ID.exec(this.#text)?.[0] ?? '';
      this.#at = from + id.length;
    }
    if (id.trim() === '') throw new Refusal(from, 'The id of an alarm is missing');
    this.ids.add(id);
    if (this.ids.size > MAX_RULE_ALARMS) {
      throw new Refusal(from, `A rule names at most ${MAX_RULE_ALARMS} alarms`);
    }
    return id;
  }

  #enter(from: number): void {
    if (++this.#depth > MAX_RULE_DEPTH) {
      throw new Refusal(from, `More than ${MAX_RULE_DEPTH} parentheses or NOTs within each other`);
    }
  }

  #space(): number {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
    return this.#at;
  }

  #sign(sign: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #word(word: string): boolean {
    if (this.#nextWord() !== word) return false;
    this.#at += word.length;
    return true;
  }

  #nextWord(): string {
    this.#space();
    return /^\w+/.exec(this.#text.slice(this.#at, this.#at + 40))?.[0] ?? '';
  }

  #refusal(wanted: string): Refusal {
    const word = this.#nextWord();
    const upper = word.toUpperCase();
    if (word !== upper && WORDS.includes(upper)) {
      return new Refusal(this.#at, `Write ${upper} in capital letters`);
    }
    if (wanted.startsWith('No ')) return new Refusal(this.#at, wanted);
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    const found =
      this.#at >= this.#text.length ? 'the end' : JSON.stringify(word === '' ? char : word);
    return new Refusal(this.#at, `Expected ${wanted}, found ${found}`);
  }
}

/**
 * Composites in an order in which each comes after those it names, or those that name each other
 * in a circle. Ids that are not of composites are left aside.
 */
export function compositeOrder(
  named: ReadonlyMap<string, readonly string[]>,
): {readonly order: readonly string[]} | {readonly cycle: readonly string[]} {
  const order: string[] = [];
  const done = new Set<string>();
  for (const start of named.keys()) {
    // Depth first, with the path on a list of its own: files may nest deeply.
    const path: {readonly id: string; next: number}[] = [];
    const enter = (id: string) => {
      if (!done.has(id) && named.has(id)) path.push({id, next: 0});
    };
    enter(start);
    while (path.length > 0) {
      const top = path.at(-1) as {readonly id: string; next: number};
      const child = named.get(top.id)?.[top.next++];
      if (child === undefined) {
        path.pop();
        done.add(top.id);
        order.push(top.id);
        continue;
      }
      const from = path.findIndex(({id}) => id === child);
      if (from >= 0) return {cycle: [...path.slice(from).map(({id}) => id), child]};
      enter(child);
    }
  }
  return {order};
}
