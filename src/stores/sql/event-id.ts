/** The four words of a canonical UUID, as in `EventBatch`; undefined for any other text. */
export function uuidWords(text: string): readonly number[] | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text))
    return undefined;
  const digits = text.replaceAll('-', '');
  return [0, 8, 16, 24].map((at) => Number.parseInt(digits.slice(at, at + 8), 16) | 0);
}

/** The inverse; "" when all words are zero: no id. */
export function uuidText(words: readonly number[]): string {
  if (words.every((word) => word === 0)) return '';
  const digits = words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => digits.slice(from, to))
    .join('-');
}
