/**
 * Why a regular expression may take time exponential in the text; undefined if it does not. Simple
 * and careful: a group that may be repeated must hold neither a repetition nor an alternative, as
 * in `(a+)+` or `(a|a)*`, also where a closer look would find it harmless.
 *
 * @param source of a regular expression that compiles with the flag `u`.
 */
export function slowPattern(source: string): string | undefined {
  /** Open groups: where each began, and whether it holds a repetition or an alternative. */
  const open: {readonly from: number; holds: string | undefined}[] = [];
  const note = (what: string) => {
    for (const group of open) group.holds ??= what;
  };
  for (let at = 0; at < source.length; at++) {
    const char = source[at];
    if (char === '\\') at = escapeEnd(source, at);
    else if (char === '[') at = classEnd(source, at);
    else if (char === '(') {
      open.push({from: at, holds: undefined});
      if (source[at + 1] === '?') at++;
    } else if (char === '|') note('alternatives');
    else if (char === ')') {
      const group = open.pop();
      if (group?.holds !== undefined && mostTimes(source, at + 1) > 1) {
        const text = source.slice(group.from, at + 1);
        return `The group ${text} is repeated and holds ${group.holds}, which may take forever`;
      }
      if (mostTimes(source, at + 1) > 1) note('a repetition');
    } else if (mostTimes(source, at) > 1) note('a repetition');
  }
  return undefined;
}

/** How often the quantifier at this place repeats what stands before it; 1 if there is none. */
function mostTimes(source: string, at: number): number {
  const char = source[at];
  if (char === '*' || char === '+') return Number.POSITIVE_INFINITY;
  const counted = char === '{' ? /^\{(\d+)(,?)(\d*)\}/.exec(source.slice(at, at + 40)) : null;
  if (counted === null) return char === '{' ? Number.POSITIVE_INFINITY : 1;
  const [, least = '', comma = '', most = ''] = counted;
  if (comma === '') return Number(least);
  return most === '' ? Number.POSITIVE_INFINITY : Number(most);
}

/** Last character of the escape that begins here. */
function escapeEnd(source: string, at: number): number {
  const braced = 'pPu'.includes(source[at + 1] ?? '') && source[at + 2] === '{';
  return braced ? source.indexOf('}', at) : at + 1;
}

function classEnd(source: string, from: number): number {
  let at = from + 1;
  while (at < source.length && source[at] !== ']') at += source[at] === '\\' ? 2 : 1;
  return at;
}
