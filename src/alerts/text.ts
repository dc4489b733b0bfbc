/** At most so many characters (UTF-16 units), never half of a character; "…" says that it was cut. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  let end = most - 1;
  const last = text.charCodeAt(end - 1);
  if (last >= 0xd800 && last <= 0xdbff) end--;
  return `${text.slice(0, end)}…`;
}

/** One line of plain text: what records hold may contain line breaks and terminal commands. */
export function oneLine(text: string): string {
  // Also the separators and the marks that turn the direction of writing.
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
}

export function timeText(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
