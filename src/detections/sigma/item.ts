import type {Path} from '../../config/parse.ts';
import type {Json} from '../json.ts';
import {compileRegex} from '../regex.ts';
import {base64, base64Offsets, type Encoding} from './encode.ts';
import {type Fault, isJsonMap, type JsonMap, shown} from './fault.ts';
import {compileField, type Field, MAX_STEPS, scalarText, textsWithin} from './field.ts';
import {type NeedsOperation, needsOfField} from './needs.ts';
import {compileNetwork} from './network.ts';
import {parameterName, placeholders} from './placeholder.ts';
import {
  compileWildcards,
  containing,
  endingWith,
  MANY,
  plainText,
  readWildcards,
  startingWith,
  type Tokens,
  withDashes,
} from './wildcards.ts';

/** Values of a field, and characters of one, at most. */
const MAX_VALUES = 10_000;
const MAX_VALUE = 16_384;
/** Characters of a value with "?", for which a text is gone through again and again. */
const MAX_SLOW_VALUE = 512;

/** A part of a rule at work on records. */
export interface Test {
  readonly holds: (record: JsonMap) => boolean;
  readonly needs: NeedsOperation;
}

export interface ItemOptions {
  /** Values for the placeholders. */
  readonly parameters: Readonly<Record<string, Json>>;
  readonly faults: Fault[];
  /** What does not do what its author may think. */
  readonly warnings?: Fault[];
}

/** An account id has so many digits. */
const ACCOUNT_DIGITS = 12;

/** Every modifier that is known; what each asks for is checked where it is used. */
const MODIFIERS = [
  'all',
  'base64',
  'base64offset',
  'cased',
  'cidr',
  'contains',
  'endswith',
  'exists',
  'expand',
  'fieldref',
  'gt',
  'gte',
  'i',
  'lt',
  'lte',
  'm',
  'neq',
  're',
  's',
  'startswith',
  'utf16',
  'utf16be',
  'utf16le',
  'wide',
  'windash',
] as const;

type Modifier = (typeof MODIFIERS)[number];

/** Of these there is one at most: each is a comparison of its own. */
const COMPARISONS = ['re', 'cidr', 'exists', 'fieldref', 'lt', 'lte', 'gt', 'gte'] as const;
const PLACES = ['contains', 'startswith', 'endswith'] as const;
const ENCODINGS: Readonly<Partial<Record<Modifier, Encoding>>> = {
  wide: 'utf16le',
  utf16le: 'utf16le',
  utf16be: 'utf16be',
  utf16: 'utf16',
};

/** What may stand beside each comparison, besides `all` and `neq`. */
const BESIDE: Readonly<Record<(typeof COMPARISONS)[number], readonly Modifier[]>> = {
  re: ['i', 'm', 's', 'contains', 'expand'],
  cidr: ['expand'],
  exists: [],
  fieldref: ['cased', ...PLACES],
  lt: [],
  lte: [],
  gt: [],
  gte: [],
};

/** One of the alternatives that a value comes to. */
type Judge = (value: Json) => boolean;

/**
 * Reads `field|modifier: value`; undefined after a fault. Without a field the value is looked for
 * in the whole record.
 *
 * @param path of the value, its key included
 */
export function compileItem(
  key: string,
  value: Json,
  path: Path,
  options: ItemOptions,
): Test | undefined {
  const {faults} = options;
  const before = faults.length;
  const [name = '', ...given] = key.split('|');
  const modifiers = new Set<Modifier>();
  for (const each of given) {
    if ((MODIFIERS as readonly string[]).includes(each)) modifiers.add(each as Modifier);
    else {
      const message = `The modifier "${each.slice(0, 60)}" is not known here`;
      faults.push({path, key: true, message});
    }
  }
  checkModifiers(modifiers, path, faults);
  if (name.split('.').length > MAX_STEPS) {
    faults.push({path, key: true, message: `A path has ${MAX_STEPS} keys at most`});
  }
  const values = Array.isArray(value) ? (value as readonly Json[]) : [value];
  if (values.length === 0) faults.push({path, message: 'There is no value'});
  if (values.length > MAX_VALUES) {
    faults.push({path, message: `More than ${MAX_VALUES} values`});
  }
  if (faults.length > before) return undefined;

  const field = name === '' ? undefined : compileField(name);
  const plain: Tokens[] = [];
  const tests = values.slice(0, MAX_VALUES).map((each, i) => {
    const at = Array.isArray(value) ? [...path, i] : path;
    if (typeof each === 'number' && isShortAccount(name, each)) {
      const message = `A number of ${String(each).length} digits: an account has ${ACCOUNT_DIGITS}; in quotes its zeros in front are kept`;
      options.warnings?.push({path: at, message});
    }
    return compileValue(each, {name, field, modifiers, path: at, options, plain});
  });
  if (faults.length > before) return undefined;
  const all = modifiers.has('all');
  const negated = modifiers.has('neq');
  const holds = (record: JsonMap) => {
    const held = all ? tests.every((test) => test(record)) : tests.some((test) => test(record));
    return held !== negated;
  };
  const told = !negated && plain.length === values.length;
  return {holds, needs: told ? needsOfField(name, plain) : undefined};
}

/** Whether a number cannot be the account that it is compared with. */
function isShortAccount(name: string, value: number): boolean {
  return /account(?:id)?$/i.test(name) && String(value).length < ACCOUNT_DIGITS;
}

function checkModifiers(modifiers: ReadonlySet<Modifier>, path: Path, faults: Fault[]): void {
  const fault = (message: string) => faults.push({path, key: true, message});
  const comparisons = COMPARISONS.filter((each) => modifiers.has(each));
  const [comparison] = comparisons;
  if (comparisons.length > 1) fault(`"${comparisons[1]}" does not go with "${comparisons[0]}"`);
  const places = PLACES.filter((each) => modifiers.has(each));
  if (places.length > 1) fault(`"${places[1]}" does not go with "${places[0]}"`);
  if (comparison !== undefined) {
    const beside = ['all', 'neq', comparison, ...BESIDE[comparison]] as readonly Modifier[];
    for (const each of modifiers) {
      if (!beside.includes(each) && !(COMPARISONS as readonly string[]).includes(each)) {
        fault(`"${each}" does not go with "${comparison}"`);
      }
    }
  } else {
    for (const each of ['i', 'm', 's'] as const) {
      if (modifiers.has(each)) fault(`"${each}" goes with "re" alone`);
    }
  }
  const encodings = Object.keys(ENCODINGS).filter((each) => modifiers.has(each as Modifier));
  const encoded = modifiers.has('base64') || modifiers.has('base64offset');
  if (encodings.length > 1) fault(`"${encodings[1]}" does not go with "${encodings[0]}"`);
  if (encodings.length > 0 && !encoded) {
    fault(`"${encodings[0]}" goes with "base64" or "base64offset" alone: records hold text`);
  }
  if (encoded && modifiers.has('windash')) {
    fault('"windash" is not run with base64: write a value for each dash');
  }
  if (modifiers.has('base64') && modifiers.has('base64offset')) {
    fault('"base64offset" does not go with "base64"');
  }
}

interface ValueSetup {
  readonly name: string;
  readonly field: Field | undefined;
  readonly modifiers: ReadonlySet<Modifier>;
  readonly path: Path;
  readonly options: ItemOptions;
  /** Takes the texts that are compared as they are. */
  readonly plain: Tokens[];
}

const NEVER = () => false;

function compileValue(value: Json, setup: ValueSetup): (record: JsonMap) => boolean {
  const {field, modifiers, path, options} = setup;
  const fault = (message: string, index?: number) => {
    options.faults.push({path, message, ...(index !== undefined && {index})});
    return NEVER;
  };
  if (typeof value === 'object' && value !== null) {
    return fault(`A text, a number, a truth value or null is wanted, found ${shown(value)}`);
  }
  if (typeof value === 'string' && value.length > MAX_VALUE) {
    return fault(`Longer than ${MAX_VALUE} characters`);
  }
  if (modifiers.has('exists')) {
    if (typeof value !== 'boolean') return fault(`true or false is wanted, found ${shown(value)}`);
    if (field === undefined) return fault('"exists" wants a field');
    return (record) => field(record).length > 0 === value;
  }
  if (value === null) {
    if (field === undefined) return fault('null wants a field');
    for (const each of modifiers) {
      if (!['all', 'neq', 'cased'].includes(each)) return fault(`null does not go with "${each}"`);
    }
    return (record) => field(record).length === 0;
  }
  if (modifiers.has('fieldref')) return compileReference(value, setup, fault);
  const judges = judgesOf(value, setup, fault);
  if (judges.length === 0) return NEVER;
  if (field === undefined) {
    return (record) => textsWithin(record).some((text) => judges.some((judge) => judge(text)));
  }
  if (judges.length === 1) {
    const [judge] = judges as [Judge];
    return (record) => field(record).some(judge);
  }
  return (record) => field(record).some((one) => judges.some((judge) => judge(one)));
}

type Tell = (message: string, index?: number) => () => boolean;

function compileReference(
  value: Json,
  {field, modifiers}: ValueSetup,
  fault: Tell,
): (record: JsonMap) => boolean {
  if (typeof value !== 'string' || value === '') return fault('The name of a field is wanted');
  if (field === undefined) return fault('"fieldref" wants a field');
  const other = compileField(value);
  const fold = (text: string) => (modifiers.has('cased') ? text : text.toLowerCase());
  const textsOf = (values: readonly Json[]) =>
    values.flatMap((one) => scalarText(one) ?? []).map(fold);
  const compare = modifiers.has('contains')
    ? (a: string, b: string) => a.includes(b)
    : modifiers.has('startswith')
      ? (a: string, b: string) => a.startsWith(b)
      : modifiers.has('endswith')
        ? (a: string, b: string) => a.endsWith(b)
        : (a: string, b: string) => a === b;
  return (record) => {
    const others = textsOf(other(record));
    return textsOf(field(record)).some((one) => others.some((each) => compare(one, each)));
  };
}

function judgesOf(value: string | number | boolean, setup: ValueSetup, fault: Tell): Judge[] {
  const {modifiers, options} = setup;
  for (const comparison of ['lt', 'lte', 'gt', 'gte'] as const) {
    if (!modifiers.has(comparison)) continue;
    const limit = numberOf(value);
    if (limit !== undefined) return [numberJudge(comparison, limit)];
    fault(`A number is wanted, found ${shown(value)}`);
    return [];
  }
  if (!modifiers.has('expand')) return judgesOfText(String(value), setup, fault);
  const expanded = expand(String(value), options.parameters);
  if (expanded.ok) return expanded.texts.flatMap((text) => judgesOfText(text, setup, fault));
  fault(expanded.message);
  return [];
}

function judgesOfText(text: string, setup: ValueSetup, fault: Tell): Judge[] {
  const {modifiers} = setup;
  if (modifiers.has('re')) return regexJudges(text, modifiers, fault);
  if (modifiers.has('cidr')) {
    const inside = compileNetwork(text);
    if (inside !== undefined) return [(value) => inside(scalarText(value) ?? '')];
    fault(`A network such as "10.0.0.0/8" is wanted, found ${shown(text)}`);
    return [];
  }
  const written = readWildcards(text);
  let texts: Tokens[] = [written];
  if (modifiers.has('base64') || modifiers.has('base64offset')) {
    const plain = plainText(written);
    if (plain === undefined) {
      fault('Base64 cannot be made of a text with wildcards');
      return [];
    }
    const encoding = (['wide', 'utf16le', 'utf16be', 'utf16'] as const).find((each) =>
      modifiers.has(each),
    );
    const bytes = encoding === undefined ? 'utf8' : (ENCODINGS[encoding] ?? 'utf8');
    const made = modifiers.has('base64') ? [base64(plain, bytes)] : base64Offsets(plain, bytes);
    texts = made.filter((each) => each !== '').map((each) => [each]);
    if (texts.length === 0) fault('Too short to be found in base64');
  }
  if (modifiers.has('windash')) texts = texts.map(withDashes);
  return texts.map((tokens) => textJudge(placed(tokens, setup), setup, fault));
}

function placed(tokens: Tokens, {modifiers, field}: ValueSetup): Tokens {
  if (modifiers.has('startswith') && field !== undefined) return startingWith(tokens);
  if (modifiers.has('endswith') && field !== undefined) return endingWith(tokens);
  // Base64 of a part is a part of the base64.
  const anywhere =
    modifiers.has('contains') || modifiers.has('base64offset') || field === undefined;
  return anywhere ? containing(tokens) : tokens;
}

function textJudge(tokens: Tokens, {modifiers, plain}: ValueSetup, fault: Tell): Judge {
  const slow = tokens.some((token) => typeof token === 'object');
  const length = tokens.reduce(
    (sum, each) => sum + (typeof each === 'string' ? each.length : 1),
    0,
  );
  if (slow && length > MAX_SLOW_VALUE) {
    return fault(`A text with "?" has ${MAX_SLOW_VALUE} characters at most`);
  }
  const test = compileWildcards(tokens, !modifiers.has('cased'));
  plain.push(tokens);
  const within = tokens.length > 1 && tokens[0] === MANY && tokens.at(-1) === MANY;
  return (value) => {
    const text = scalarText(value);
    if (text !== undefined) return test(text);
    // A map is its JSON; what is looked for anywhere in it may stand in one of its texts as well.
    return within ? textsWithin(value).some(test) : test(JSON.stringify(value));
  };
}

function regexJudges(text: string, modifiers: ReadonlySet<Modifier>, fault: Tell): Judge[] {
  const flags = ['m', 's'].filter((flag) => modifiers.has(flag as Modifier)).join('');
  const head = flags === '' ? '' : `(?${flags})`;
  const compiled = compileRegex(head + text, {unanchored: true, ignoreCase: modifiers.has('i')});
  if (!compiled.ok) {
    fault(compiled.message, Math.max(0, compiled.index - head.length));
    return [];
  }
  const {regex} = compiled;
  return [
    (value) => {
      const one = scalarText(value);
      return one !== undefined
        ? regex.test(one)
        : textsWithin(value).some((each) => regex.test(each));
    },
  ];
}

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/** Of a number, or of a text that is one. */
export function numberOf(value: Json): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.length < 64 && NUMBER.test(value)
    ? Number(value)
    : undefined;
}

function numberJudge(comparison: 'lt' | 'lte' | 'gt' | 'gte', limit: number): Judge {
  const compare = {
    lt: (number: number) => number < limit,
    lte: (number: number) => number <= limit,
    gt: (number: number) => number > limit,
    gte: (number: number) => number >= limit,
  }[comparison];
  return (value) => {
    const number = numberOf(value);
    return number !== undefined && compare(number);
  };
}

/** Texts that a text with placeholders comes to; no value for one of them gives none. */
function expand(
  text: string,
  parameters: Readonly<Record<string, Json>>,
):
  | {readonly ok: true; readonly texts: readonly string[]}
  | {readonly ok: false; readonly message: string} {
  const parts = placeholders(text);
  if (parts.every((part) => typeof part === 'string')) {
    return {ok: false, message: '"expand" wants a placeholder such as %admins%'};
  }
  let texts = [''];
  for (const part of parts) {
    if (typeof part === 'string') {
      texts = texts.map((each) => each + part);
      continue;
    }
    const name = parameterName(part.name);
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (value === undefined) {
      return {ok: false, message: `There is no parameter "${name}" for %${part.name}%`};
    }
    const values = (Array.isArray(value) ? (value as readonly Json[]) : [value]).flatMap((each) =>
      each === null || isJsonMap(each) || Array.isArray(each) ? [] : [String(each)],
    );
    if (texts.length * values.length > MAX_VALUES) {
      return {ok: false, message: `The placeholders come to more than ${MAX_VALUES} values`};
    }
    texts = texts.flatMap((each) => values.map((one) => each + one));
  }
  return {ok: true, texts};
}
