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
  if (!/^\d{4}-\d{2}-\d{2}$/.test(options.start) || Number.isNaN(Date.parse(options.start))) {
    throw new AppError('usage', `"${options.start}" is no date; wanted: 2026-01-05`);
  }
  const scenarios = scenariosOf(options.scenario);
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
    (progress) => {
      if (signal.aborted) throw new AppError('interrupted', 'Interrupted while simulating');
      output.note(`simulated day ${progress.day} of ${progress.days}: ${count(progress.events)} events`);
    },
  );
  output.note(
    `wrote ${count(summary.events)} events in ${count(summary.files)} files, ` +
      `${count(summary.attackEvents)} of them of ${count(summary.campaigns)} attacks, to ${options.out}`,
  );
  return 0;
}
