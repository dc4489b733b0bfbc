const PLACEHOLDER = /%([A-Za-z0-9_.-]{1,100})%/g;

/** The parts of a text: as they are, and the names of its placeholders. */
export function placeholders(text: string): (string | {readonly name: string})[] {
  const parts: (string | {readonly name: string})[] = [];
  let from = 0;
  for (const found of text.matchAll(PLACEHOLDER)) {
    if (found.index > from) parts.push(text.slice(from, found.index));
    parts.push({name: found[1] as string});
    from = found.index + found[0].length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

/** The parameter that gives a placeholder its values: "%Admin-Users%" has those of `admin_users`. */
export function parameterName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9_]/g, '_');
  return /^[a-z]/.test(plain) ? plain : `p_${plain}`;
}
