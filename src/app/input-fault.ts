import {formatProblem, type Problem} from '../config/parse.ts';

/** Problems that a message shows; a file of another kind has one on every line. */
const SHOWN = 20;

/** What a person wrote is at fault; the message shows the problems with their places. */
export class InputFault extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], text: string) {
    const shown = problems.slice(0, SHOWN).map((problem) => formatProblem(problem, text));
    if (problems.length > SHOWN) shown.push(`… and ${problems.length - SHOWN} more`);
    super(shown.join('\n'));
    this.name = 'InputFault';
    this.problems = problems;
  }
}
