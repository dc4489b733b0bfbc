import type {WrittenText} from '../config/parse.ts';

/**
 * Where in its file a character of a YAML text stands: the offset of what it was written as.
 * Folded lines, quotes, escapes and the indents of blocks lie between the two. What is not white
 * space keeps its order and number through all of them, so characters are found by counting those;
 * white space is placed by what stands before it.
 *
 * @param index into the text's value; its length for the end
 */
export function textPosition(written: WrittenText, index: number): number {
  const {value} = written;
  const units = unitsOf(written);
  let before = 0;
  let gap = 0;
  for (let i = 0; i < index; i++) {
    if (isSpace(value[i] as string)) gap++;
    else {
      before++;
      gap = 0;
    }
  }
  const at = index < value.length && !isSpace(value[index] as string) ? units[before] : undefined;
  if (at !== undefined) return written.offset + at.start;
  const last = units[before - 1];
  const end = last === undefined ? startOf(written) : last.end;
  // Not beyond its line, nor into the character that comes next.
  const newline = written.source.indexOf('\n', end);
  const limit = Math.min(
    newline < 0 ? written.source.length : newline,
    units[before]?.start ?? written.source.length,
  );
  return written.offset + Math.min(end + gap, Math.max(limit, end));
}

/** What one UTF-16 unit of a text is written as: from `start` to `end` of the source. */
interface Unit {
  readonly start: number;
  readonly end: number;
}

function startOf({source, style}: WrittenText): number {
  if (style === 'block') return source.indexOf('\n') + 1;
  return style === 'plain' ? 0 : 1;
}

/** Of every unit of the text that is not white space. */
function unitsOf(written: WrittenText): Unit[] {
  const {source, style} = written;
  const units: Unit[] = [];
  let i = startOf(written);
  const stop = style === 'single' || style === 'double' ? source.length - 1 : source.length;
  while (i < stop) {
    const char = source[i] as string;
    let length = 1;
    let count = isSpace(char) ? 0 : 1;
    if (style === 'single' && char === "'") length = 2;
    if (style === 'double' && char === '\\') {
      const letter = source[i + 1] ?? '';
      length = 2 + (HEX_DIGITS[letter] ?? 0);
      const code = Number.parseInt(source.slice(i + 2, i + length), 16);
      if (letter in HEX_DIGITS) {
        const text = code <= 0x10ffff ? String.fromCodePoint(code) : '';
        count = isSpace(text) ? 0 : text.length;
      } else {
        count = WHITE_ESCAPES.includes(letter) || isSpace(letter) ? 0 : 1;
      }
    }
    for (let n = 0; n < count; n++) units.push({start: i, end: i + length});
    i += length;
  }
  return units;
}

const HEX_DIGITS: Readonly<Record<string, number>> = {x: 2, u: 4, U: 8};

/** Letters that, after a backslash, stand for white space. */
const WHITE_ESCAPES = 'tnvfr_LP';

function isSpace(text: string): boolean {
  return text !== '' && text.trim() === '';
}
