import {writeSimulation} from '../app/simulate-to-folder.ts';
import {AppError} from '../base/errors.ts';
import type {Output} from './output.ts';
import {count} from './progress.ts';
import {scenariosOf} from './scenarios.ts';

export interface SimulateOptions {
  readonly out: string;
  readonly seed: number;
  readonly days: number;
  readonly start: string;
  readonly eventsPerDay: number;
  readonly scenario?: readonly string[];
  readonly recordBytes?: number;
}

export async function simulateCommand(
  options: SimulateOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  if (options.eventsPerDay < 100) {
    throw new AppError('usage', `--events-per-day is ${options.eventsPerDay}; wanted: 100 or more`);
  }
  const scenarios = scenariosOf(options.scenario);
  if (scenarios?.includes('raul') === true && options.days < 3) {
    throw new AppError('usage', `--days is ${options.days}; the scenario "raul" needs 3 or more`);
  }
  const progress = new SimulationNotes(output, Date.parse(options.start), options.days);
  const summary = await writeSimulation(
    {
      seed: options.seed,
      days: options.days,
      start: options.start,
      eventsPerDay: options.eventsPerDay,
      ...(scenarios !== undefined && {scenarios}),
      ...(options.recordBytes !== undefined && {recordBytes: options.recordBytes}),
    },
    options.out,
    ({files, events, time}) => {
      if (signal.aborted) throw new AppError('interrupted', 'Interrupted while simulating');
      progress.note(files, events, time);
    },
  );
  output.note(
    `wrote ${count(summary.events)} events in ${count(summary.files)} files, ` +
      `${count(summary.attackEvents)} of them of attacks, to ${options.out}`,
  );
  return 0;
}

/** A line for each tenth of the way. */
class SimulationNotes {
  readonly #output: Output;
  readonly #start: number;
  readonly #days: number;
  #told = 0;

  constructor(output: Output, start: number, days: number) {
    this.#output = output;
    this.#start = start;
    this.#days = days;
  }

  note(files: number, events: number, time: number): void {
    const share = (time - this.#start) / (this.#days * 86_400_000);
    const tenth = Math.min(10, Math.floor(share * 10));
    if (tenth <= this.#told) return;
    this.#told = tenth;
    this.#output.note(`${tenth * 10} %: ${count(events)} events in ${count(files)} files`);
  }
}
