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
  let broken = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of a pipe went away (`| head`): there is nobody left to tell.
    if (error.code === 'EPIPE') process.exit(0);
    broken = true;
  });
  return {
    async write(text) {
      if (broken) throw new AppError('output_unwritable', 'Cannot write to standard output');
      if (!stdout.write(text)) {
        await new Promise<void>((resolve) => stdout.once('drain', resolve));
      }
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
    writeSync(2, `${text}\n`);
  } catch {
    // stderr is closed or full: there is no other place to complain.
  }
}

/** Text out of a log, made harmless for a terminal: no control characters, no escapes. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '�');
}
