/** A part of a text with wildcards. */
export type Token =
  /** As it is. */
  | string
  /** "*": any characters, none as well. */
  | typeof MANY
  /** One character of these; of `null`, "?", any one. */
  | {readonly one: string | null};

export const MANY = Symbol('*');

export type Tokens = readonly Token[];

/** Hyphens and what Windows takes for one at the head of an argument. */
const DASHES = '-/–—―';

/**
 * Reads a text of a rule: "*" and "?" are wildcards; a backslash before one of them, or before
 * another backslash, takes its meaning; any other backslash is itself.
 */
export function readWildcards(text: string): Tokens {
  const tokens: Token[] = [];
  let literal = '';
  const push = (token: Token) => {
    if (literal !== '') tokens.push(literal);
    literal = '';
    if (token !== '' && !(token === MANY && tokens.at(-1) === MANY)) tokens.push(token);
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    const next = text[i + 1];
    if (char === '\\' && (next === '*' || next === '?' || next === '\\')) {
      literal += next;
      i++;
    } else if (char === '*') push(MANY);
    else if (char === '?') push({one: null});
    else literal += char;
  }
  push('');
  return tokens;
}

/** The texts of a list that holds no wildcard; undefined if there is one. */
export function plainText(tokens: Tokens): string | undefined {
  return tokens.every((token) => typeof token === 'string') ? tokens.join('') : undefined;
}

export function startingWith(tokens: Tokens): Tokens {
  return tokens.at(-1) === MANY ? tokens : [...tokens, MANY];
}

export function endingWith(tokens: Tokens): Tokens {
  return tokens[0] === MANY ? tokens : [MANY, ...tokens];
}

export function containing(tokens: Tokens): Tokens {
  return startingWith(endingWith(tokens));
}

/** Each "-" or "/" at the head of a word may be any dash. */
export function withDashes(tokens: Tokens): Tokens {
  return tokens.flatMap((token): readonly Token[] => {
    if (typeof token !== 'string') return [token];
    const parts: Token[] = [];
    let from = 0;
    for (const {index} of token.matchAll(/(?<![A-Za-z0-9_])[-/](?=[A-Za-z0-9_])/g)) {
      if (index > from) parts.push(token.slice(from, index));
      parts.push({one: DASHES});
      from = index + 1;
    }
    if (from < token.length) parts.push(token.slice(from));
    return parts;
  });
}

/** A run between two "*": what each of its characters may be. */
interface Run {
  readonly plain: string | undefined;
  /** By character; null is any. */
  readonly sets: readonly (string | null)[];
}

/**
 * Whether a whole text matches. Runs are looked for from left to right, each as early as can be,
 * which is enough as "*" takes anything: the time is that of the text times the longest run at
 * worst, and without "?" about that of the text.
 *
 * @param fold lower-cases what is compared
 */
export function compileWildcards(tokens: Tokens, fold: boolean): (text: string) => boolean {
  const runs: Run[] = [];
  let sets: (string | null)[] = [];
  const end = () => {
    const plain = sets.every((set) => set?.length === 1) ? sets.join('') : undefined;
    runs.push({plain, sets});
    sets = [];
  };
  for (const token of tokens) {
    if (token === MANY) end();
    else if (typeof token === 'string')
      sets.push(...(fold ? token.toLowerCase() : token).split(''));
    else sets.push(token.one);
  }
  end();
  const first = runs[0] as Run;
  const last = runs.at(-1) as Run;
  const middle = runs.slice(1, -1);
  const many = runs.length > 1;
  return (given) => {
    const text = fold ? given.toLowerCase() : given;
    if (!many) return text.length === first.sets.length && isAt(first, text, 0);
    const stop = text.length - last.sets.length;
    if (stop < first.sets.length) return false;
    if (!isAt(first, text, 0) || !isAt(last, text, stop)) return false;
    let at = first.sets.length;
    for (const run of middle) {
      const found = find(run, text, at, stop);
      if (found < 0) return false;
      at = found + run.sets.length;
    }
    return true;
  };
}

function isAt({plain, sets}: Run, text: string, at: number): boolean {
  if (plain !== undefined) return text.startsWith(plain, at);
  for (let i = 0; i < sets.length; i++) {
    const set = sets[i];
    const char = text[at + i];
    if (char === undefined) return false;
    if (set != null && !set.includes(char)) return false;
  }
  return true;
}

function find(run: Run, text: string, from: number, stop: number): number {
  const {plain, sets} = run;
  if (plain !== undefined) {
    const at = text.indexOf(plain, from);
    return at >= 0 && at + plain.length <= stop ? at : -1;
  }
  for (let at = from; at + sets.length <= stop; at++) if (isAt(run, text, at)) return at;
  return -1;
}
