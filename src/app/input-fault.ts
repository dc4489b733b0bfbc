import {formatProblem, type Problem} from '../config/parse.ts';

/** What a person wrote is at fault; the message shows every problem with its place. */
export class InputFault extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], text: string) {
    super(problems.map((problem) => formatProblem(problem, text)).join('\n'));
    this.name = 'InputFault';
    this.problems = problems;
  }
}
