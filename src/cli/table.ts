import {plain} from './output.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Takes what width is left over, and wraps. At most one. */
  readonly flexible?: boolean;
}

/** A table of plain text: columns as wide as they need, the flexible one wrapped to fit. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const cells = rows.map((row) => row.map(plain));
  const widths = columns.map((column, i) =>
    Math.max(column.title.length, ...cells.map((row) => displayWidth(row[i] ?? ''))),
  );
  const flexible = columns.findIndex((column) => column.flexible === true);
  if (flexible >= 0) {
    const others = widths.reduce((sum, w, i) => (i === flexible ? sum : sum + w + 2), 0);
    widths[flexible] = Math.max(24, Math.min(widths[flexible] ?? 0, width - others));
  }
  const line = (values: readonly string[]) =>
    values
      .map((value, i) => {
        const pad = ' '.repeat(Math.max(0, (widths[i] ?? 0) - displayWidth(value)));
        return columns[i]?.align === 'right' ? pad + value : value + pad;
      })
      .join('  ')
      .trimEnd();
  const out = [line(columns.map((c) => c.title)), line(widths.map((w) => '─'.repeat(w)))];
  for (const row of cells) {
    const wrapped = flexible < 0 ? [''] : wrap(row[flexible] ?? '', widths[flexible] ?? 0);
    wrapped.forEach((part, n) => {
      out.push(line(row.map((value, i) => (i === flexible ? part : n === 0 ? value : ''))));
    });
  }
  return `${out.join('\n')}\n`;
}

function displayWidth(text: string): number {
  return [...text].length;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    let rest = word;
    if (current !== '' && displayWidth(current) + 1 + displayWidth(rest) <= width) {
      current += ` ${rest}`;
      continue;
    }
    if (current !== '') lines.push(current);
    while (displayWidth(rest) > width) {
      const characters = [...rest];
      lines.push(characters.slice(0, width).join(''));
      rest = characters.slice(width).join('');
    }
    current = rest;
  }
  lines.push(current);
  return lines;
}
