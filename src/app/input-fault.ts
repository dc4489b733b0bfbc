import {formatProblem, type Problem} from '../config/parse.ts';

/** Problems that a message shows; a file of another kind has one on every line. */
const SHOWN = 20;

/** What a person wrote is at fault; the message shows the problems with their places. */
export class InputFault extends Error {
  readonly problems: readonly Problem[];

  /** @param text of the file, or of each by its name */
  constructor(problems: readonly Problem[], text: string | ((file: string) => string)) {
    const textOf = typeof text === 'string' ? () => text : text;
    const shown = problems
      .slice(0, SHOWN)
      .map((problem) => formatProblem(problem, textOf(problem.file)));
    if (problems.length > SHOWN) shown.push(`… and ${problems.length - SHOWN} more`);
    super(shown.join('\n'));
    this.name = 'InputFault';
    this.problems = problems;
  }
}
