// Records may hold texts that no database takes: NUL (PostgreSQL) and halves of surrogate pairs
// (UTF-8). Both are written behind an escape that no log uses, and come back as they were.

const ESCAPE = '\u001a';
const NUL = '\u0000';
const ESCAPED_NUL = '\ue800';
const SURROGATES = 0xd800;
const PRIVATE_USE = 0xe000;

/** A well-formed text without NUL that stands for this one alone; most texts stand for themselves. */
export function toStored(text: string): string {
  let out = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== 0 && code !== 0x1a && (code & 0xf800) !== SURROGATES) continue;
    if ((code & 0xfc00) === SURROGATES && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      i++;
      continue;
    }
    out += text.slice(from, i) + ESCAPE;
    if (code === 0) out += ESCAPED_NUL;
    else if (code === 0x1a) out += ESCAPE;
    else out += String.fromCharCode(code - SURROGATES + PRIVATE_USE);
    from = i + 1;
  }
  return from === 0 ? text : out + text.slice(from);
}

/** The inverse of `toStored`. */
export function fromStored(stored: string): string {
  let at = stored.indexOf(ESCAPE);
  if (at < 0) return stored;
  let out = '';
  let from = 0;
  while (at >= 0) {
    const next = stored[at + 1] ?? ESCAPE;
    out += stored.slice(from, at);
    if (next === ESCAPED_NUL) out += NUL;
    else if (next === ESCAPE) out += ESCAPE;
    else out += String.fromCharCode(next.charCodeAt(0) - PRIVATE_USE + SURROGATES);
    from = at + 2;
    at = stored.indexOf(ESCAPE, from);
  }
  return out + stored.slice(from);
}
