/**
 * JSON with line breaks and indentation. Values stay as they are written: nothing is parsed, so
 * that long numbers keep their digits and names that come twice come twice. What is no JSON comes
 * back as it was.
 */
export function layOut(json: string): string {
  const token = /"(?:[^"\\]|\\[\s\S])*"|[{}[\],:]|[^\s{}[\],:"]+/gy;
  const out: string[] = [];
  let depth = 0;
  let at = 0;
  let previous = '';
  const line = () => `\n${'  '.repeat(depth)}`;
  while (at < json.length) {
    const space = /\s*/y;
    space.lastIndex = at;
    at += space.exec(json)?.[0].length ?? 0;
    if (at >= json.length) break;
    token.lastIndex = at;
    const found = token.exec(json)?.[0];
    if (found === undefined) return json;
    at += found.length;
    if (found === '}' || found === ']') {
      depth = Math.max(0, depth - 1);
      if (previous !== '{' && previous !== '[') out.push(line());
      out.push(found);
    } else {
      if (previous === '{' || previous === '[' || previous === ',') out.push(line());
      out.push(found === ':' ? ': ' : found);
      if (found === '{' || found === '[') depth++;
    }
    previous = found;
  }
  return out.join('');
}

/** Where a text occurs in another, whatever its case; at most so many. */
export function placesOf(text: string, part: string, most: number): number[] {
  if (part === '') return [];
  const places: number[] = [];
  const [in_, wanted] = [text.toLowerCase(), part.toLowerCase()];
  // Some letters change their length with their case: then places would be off.
  if (in_.length !== text.length) return [];
  for (let at = in_.indexOf(wanted); at >= 0 && places.length < most; ) {
    places.push(at);
    at = in_.indexOf(wanted, at + wanted.length);
  }
  return places;
}
