import {RE2JS} from 're2js';
import {messageOf} from '../base/errors.ts';

/** Longest regular expression, in UTF-16 code units. */
export const MAX_REGEX_LENGTH = 4_096;

/**
 * Most instructions of a compiled one. Matching takes at worst this many steps for each character,
 * so it bounds the time as well as the memory.
 */
export const MAX_REGEX_PROGRAM = 1_000;

export interface RegexOptions {
  readonly ignoreCase?: boolean;
  /** True to look for it anywhere in a text, false to have the whole text match. */
  readonly unanchored: boolean;
}

export interface Regex {
  readonly source: string;
  test(text: string): boolean;
}

export type CompiledRegex =
  | {readonly ok: true; readonly regex: Regex}
  /** `index` is where in the source it goes wrong, as near as can be told. */
  | {readonly ok: false; readonly index: number; readonly message: string};

/**
 * The only door to regular expressions that a person wrote: RE2's syntax, in time linear in the
 * text whatever the expression. No look-around and no back references, hence; "." is any character
 * but a line break, "^" and "$" are the ends of the text.
 */
export function compileRegex(source: string, options: RegexOptions): CompiledRegex {
  const {ignoreCase = false, unanchored} = options;
  if (source.length > MAX_REGEX_LENGTH) {
    return {
      ok: false,
      index: MAX_REGEX_LENGTH,
      message: `The regular expression has ${source.length} characters, more than ${MAX_REGEX_LENGTH}`,
    };
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    return {ok: false, ...faultOf(error, source)};
  }
  const size = compiled.programSize();
  if (size > MAX_REGEX_PROGRAM) {
    return {
      ok: false,
      index: 0,
      message: `The regular expression takes ${size} steps, more than ${MAX_REGEX_PROGRAM}: repeat less`,
    };
  }
  const plain = ignoreCase ? undefined : plainTest(source, unanchored);
  if (plain !== undefined) return {ok: true, regex: {source, test: plain}};
  const run = unanchored
    ? (text: string) => compiled.test(text)
    : (text: string) => compiled.testExact(text);
  const wanted = ignoreCase ? [] : requiredTexts(source);
  if (wanted.length === 0) return {ok: true, regex: {source, test: run}};
  // Looking for a text costs a tenth of running the automaton.
  return {
    ok: true,
    regex: {source, test: (text) => wanted.every((each) => text.includes(each)) && run(text)},
  };
}

/** RE2JS throws for every fault of an expression, and names the part that is at fault. */
function faultOf(error: unknown, source: string): {index: number; message: string} {
  const {error: what, input} = error as {error?: unknown; input?: unknown};
  if (typeof what !== 'string') {
    const message = messageOf(error);
    return {index: 0, message: `The regular expression cannot be compiled: ${message}`};
  }
  const part = typeof input === 'string' && input !== source ? input : '';
  const found = part === '' ? -1 : source.indexOf(part);
  const index = found >= 0 ? found : what.includes('closing )') ? openGroup(source) : 0;
  const shown = part === '' || part.length > 40 ? '' : ` "${part}"`;
  return {index, message: `Bad regular expression: ${what.replace(/: *$/, '')}${shown}`};
}

/** The last bracket that is not closed. */
function openGroup(source: string): number {
  const open: number[] = [];
  for (let i = 0; i < source.length; i++) {
    if (source[i] === '\\') i++;
    else if (source[i] === '(') open.push(i);
    else if (source[i] === ')') open.pop();
  }
  return open.at(-1) ?? 0;
}

type Test = (text: string) => boolean;

/** Alternatives of plain text, with "^" and "$" at their ends, need no automaton. */
function plainTest(source: string, unanchored: boolean): Test | undefined {
  const tests: Test[] = [];
  for (const branch of source.split('|')) {
    const test = plainBranch(branch, unanchored);
    if (test === undefined) return undefined;
    tests.push(test);
  }
  const [first] = tests;
  return tests.length === 1 ? first : (text) => tests.some((test) => test(text));
}

const PLAIN_BRANCH =
  /^(\^?)((?:[^\\^$.|?*+()[\]{}\uD800-\uDFFF]|\\[^A-Za-z0-9\s\uD800-\uDFFF])*)(\$?)$/;

function plainBranch(branch: string, unanchored: boolean): Test | undefined {
  const parts = PLAIN_BRANCH.exec(branch);
  if (parts === null) return undefined;
  const text = (parts[2] as string).replace(/\\(.)/gs, '$1');
  const fromStart = !unanchored || parts[1] === '^';
  const toEnd = !unanchored || parts[3] === '$';
  if (fromStart && toEnd) return (subject) => subject === text;
  if (fromStart) return (subject) => subject.startsWith(text);
  if (toEnd) return (subject) => subject.endsWith(text);
  return (subject) => subject.includes(text);
}

const TOKEN =
  /\\[^A-Za-z0-9\s]|\\[dDsSwWbB]|\[\^?[A-Za-z0-9_:.,;@#=+/-]+\]|[.^$]|[^\\^$.|?*+()[\]{}]|[*+?]\??|\{\d+(?:,\d*)?\}\??/y;

/** Texts that every match holds, where the expression is plain enough to tell; the long ones. */
function requiredTexts(source: string): string[] {
  if (/[|()\uD800-\uDFFF]/.test(source)) return [];
  const texts: string[] = [];
  let text = '';
  const end = () => {
    if (text.length >= 3) texts.push(text);
    text = '';
  };
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const token = TOKEN.exec(source)?.[0];
    if (token === undefined) return [];
    if (/^[*?{]/.test(token)) {
      text = text.slice(0, -1);
      end();
    } else if (token.startsWith('+') || /^[.^$[]/.test(token) || /^\\[A-Za-z]/.test(token)) end();
    else text += token.at(-1);
  }
  end();
  return texts;
}
