import {writeSync} from 'node:fs';
import {styleText} from 'node:util';
import {AppError} from '../base/errors.ts';

/** The only place that writes to the terminal. Results go to stdout, everything else to stderr. */
export interface Output {
  /** A piece of the result. Resolves when more may be written. */
  write(text: string): Promise<void>;
  /** A line for people, on stderr; left out when quiet. */
  note(text: string): void;
  /** A warning or error, on stderr; never left out. */
  warn(text: string): void;
  readonly quiet: boolean;
  /** The reader of the result went away (`| head`): what is written from now on is left out. */
  readonly gone: boolean;
  /** Whether stderr is a terminal that can redraw a line. */
  readonly interactive: boolean;
  /** Columns of the result's terminal; else $COLUMNS, else 140. */
  readonly columns: number;
  style(format: Style, text: string): string;
}

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan';

export function createOutput(options: {quiet: boolean}): Output {
  const {stdout, stderr} = process;
  const colour = stdout.isTTY === true && process.env.NO_COLOR === undefined;
  let gone = false;
  // Every write tells its own failure; without a listener the first would end the process.
  if (stdout.listenerCount('error') === 0) stdout.on('error', () => {});
  return {
    write: (text) =>
      new Promise<void>((resolve, reject) => {
        if (gone) return resolve();
        stdout.write(text, (cause: NodeJS.ErrnoException | null | undefined) => {
          if (cause === null || cause === undefined) return resolve();
          if (cause.code === 'EPIPE') {
            gone = true;
            return resolve();
          }
          const message = `Cannot write to standard output: ${cause.message}`;
          reject(new AppError('output_unwritable', message, {cause}));
        });
      }),
    get gone() {
      return gone;
    },
    note(text) {
      if (!options.quiet) line(text);
    },
    warn: line,
    quiet: options.quiet,
    interactive: stderr.isTTY === true && !options.quiet && process.env.TERM !== 'dumb',
    columns: Math.max(
      60,
      (stdout.isTTY === true ? stdout.columns : Number(process.env.COLUMNS)) || 140,
    ),
    style: (format, text) => (colour ? styleText(format, text) : text),
  };
}

/** Written at once, so that nothing is lost when the process ends. */
function line(text: string): void {
  try {
    writeSync(2, `${text.split('\n').map(plain).join('\n')}\n`);
  } catch {
    // stderr is closed or full: there is no other place to complain.
  }
}

/** Control characters, line separators, and marks that turn the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text out of a log, made harmless for a terminal: no control characters, no escapes. */
export function plain(text: string): string {
  return text.replace(UNSAFE, '�');
}

/**
 * JSON, made harmless for a terminal by escapes that any reader of JSON undoes. A line break in it
 * is its layout: those of texts are escaped already.
 */
export function plainJson(json: string): string {
  return json.replace(UNSAFE, (char) =>
    char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A value as JSON of many lines, made harmless as `plainJson` does, its line ends left alone. */
export function plainJsonLines(value: unknown): string {
  const lines = JSON.stringify(value, null, 2).split('\n');
  return `${lines.map(plainJson).join('\n')}\n`;
}
