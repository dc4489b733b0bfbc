import {type FileHandle, open, readFile} from 'node:fs/promises';
import {availableParallelism} from 'node:os';
import {readContexts} from '../app/context-file.ts';
import {Detector} from '../app/detector.ts';
import {loadModel, saveModel} from '../app/model-file.ts';
import {type EventView, type ScoreTrailOptions, scoreTrail} from '../app/score-trail.ts';
import {columnsOf, type DecodeSettings, listTrail, type TrailSummary} from '../app/trail.ts';
import {AppError} from '../base/errors.ts';
import type {Output} from './output.ts';
import {count, Progress} from './progress.ts';

/** Options of every command that reads a trail. */
export interface ReadingOptions {
  readonly contexts?: string;
  readonly since?: number;
  readonly until?: number;
  readonly workers?: number;
  readonly rejects?: string;
  readonly asn?: string;
  readonly timeZone?: string;
  readonly scanner: 'fast' | 'reference';
}

/** And of those that score it. */
export interface ScoringOptions extends ReadingOptions {
  readonly model?: string;
  readonly learn?: boolean;
  readonly learnFrom?: readonly string[];
  readonly retrospective?: boolean;
  /** "without": judge each event as if it alone had not been learnt. */
  readonly judge?: 'without';
}

export interface ScoringVisitor {
  /** Called for each event, scored and not yet learnt; false ends the run. */
  visit(event: EventView): unknown;
  /** Called between batches. */
  breathe?(): Promise<void> | undefined;
  /** What is known once the run is over. */
  finished?(summary: TrailSummary): void;
}

/** What decoding and scoring need, from the options. */
export async function prepare(
  options: ReadingOptions & {readonly model?: string},
  output: Output,
): Promise<{detector: Detector; settings: DecodeSettings; loaded: boolean}> {
  const {stream, contexts} = await readContexts(options.contexts);
  const settings: DecodeSettings = {
    stream: {...stream, ...(options.timeZone !== undefined && zone(options.timeZone))},
    scanner: options.scanner,
    ...(options.asn !== undefined && {asnTable: await readAsnTable(options.asn)}),
  };
  const columns = columnsOf(settings);
  const loaded = options.model === undefined ? undefined : await loadModel(options.model);
  if (loaded === undefined) {
    return {detector: new Detector(columns, contexts), settings, loaded: false};
  }
  const same =
    JSON.stringify([loaded.columns, loaded.declarations]) === JSON.stringify([columns, contexts]);
  if (!same) {
    throw new AppError(
      'snapshot_unreadable',
      `Cannot use model "${options.model}": it was learnt with other contexts`,
    );
  }
  output.note(`loaded model: ${count(loaded.learnt)} events learnt so far`);
  return {detector: loaded, settings, loaded: true};
}

function zone(timeZone: string): {timeZone: string} {
  try {
    new Intl.DateTimeFormat('en', {timeZone});
  } catch (cause) {
    throw new AppError('usage', `"${timeZone}" is no time zone; wanted: Europe/Berlin`, {cause});
  }
  return {timeZone};
}

async function readAsnTable(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new AppError('usage', `Cannot read AS numbers "${file}"`, {cause});
  }
}

/**
 * Reads the paths as one trail, scores it, and shows each event to `visitor`; the exit code.
 * Learns `--learn-from` first, loads and saves `--model`.
 */
export async function runScoring(
  paths: readonly string[],
  options: ScoringOptions,
  output: Output,
  signal: AbortSignal,
  visitor: ScoringVisitor,
): Promise<number> {
  const learn = options.learn !== false;
  if (!learn && options.retrospective === true) {
    throw new AppError('usage', '--retrospective learns first; it does not go with --no-learn');
  }
  const {detector, settings} = await prepare(options, output);
  const workers = options.workers ?? Math.min(4, Math.max(0, availableParallelism() - 1));
  const rejects = await RejectsFile.open(options.rejects);
  let faults = 0;

  const pass = async (
    label: string,
    what: readonly string[],
    mode: ScoreTrailOptions['mode'],
    more: Partial<ScoreTrailOptions>,
  ): Promise<TrailSummary> => {
    const listing = await listTrail(what);
    if (listing.files.length === 0 && listing.faults.length === 0) {
      throw new AppError('usage', `No log files under ${what.map((p) => `"${p}"`).join(', ')}`);
    }
    const bytes = listing.files.reduce((sum, {size}) => sum + Math.max(0, size), 0);
    const progress = new Progress(output, label);
    try {
      const summary = await scoreTrail({
        detector,
        settings,
        files: listing.files,
        workers,
        mode,
        since: options.since,
        until: options.until,
        signal,
        onProgress: (state) => progress.update({files: listing.files.length, bytes, ...state}),
        ...more,
      });
      progress.clear();
      const all = [...listing.faults, ...summary.faults];
      for (const {error} of all) output.warn(`${error.message} [${error.code}]`);
      faults += all.length;
      return {...summary, faults: all};
    } finally {
      progress.clear();
    }
  };

  const scored: Partial<ScoreTrailOptions> = {
    visit: (event) => visitor.visit(event) !== false,
    breathe: () => visitor.breathe?.() ?? rejects.drain(),
    onReject: (reject) => rejects.add(reject),
  };
  try {
    if (options.learnFrom !== undefined && options.learnFrom.length > 0) {
      const summary = await pass('learning', options.learnFrom, 'learn', {});
      output.note(`learnt ${count(summary.events)} events as a baseline`);
    }
    let summary: TrailSummary;
    if (options.retrospective === true && !signal.aborted) {
      await pass('learning', paths, 'learn', {});
      summary = await pass('scoring', paths, 'without', scored);
    } else {
      summary = await pass(
        'scoring',
        paths,
        options.judge ?? (learn ? 'observe' : 'score'),
        scored,
      );
    }
    if (learn && options.model !== undefined) {
      await saveModel(options.model, detector);
      output.note(`saved model "${options.model}": ${count(detector.learnt)} events learnt`);
    }
    visitor.finished?.(summary);
    noteSummary(summary, output, options.rejects);
  } finally {
    await rejects.close();
  }
  if (signal.aborted) return 130;
  return faults > 0 ? 3 : 0;
}

/** One line on what was read, and one on what was not. */
function noteSummary(summary: TrailSummary, output: Output, rejects: string | undefined): void {
  output.note(
    `${count(summary.events)} events in ${count(summary.filesRead)} files` +
      (summary.interrupted ? ' (interrupted)' : ''),
  );
  const left = Object.entries(summary.dropped).map(([reason, n]) => `${count(n)} ${reason}`);
  if (left.length > 0) output.note(`left out: ${left.join(', ')}`);
  const set = Object.entries(summary.rejected).map(([reason, n]) => `${count(n)} ${reason}`);
  if (set.length > 0) {
    const where = rejects === undefined ? ' (--rejects FILE tells where)' : '';
    output.warn(`set aside: ${set.join(', ')}${where}`);
  }
}

/** Where set-aside records are told, one JSON line each. */
class RejectsFile {
  readonly #handle: FileHandle | undefined;
  #lines: string[] = [];

  constructor(handle: FileHandle | undefined) {
    this.#handle = handle;
  }

  static async open(path: string | undefined): Promise<RejectsFile> {
    if (path === undefined) return new RejectsFile(undefined);
    try {
      return new RejectsFile(await open(path, 'w'));
    } catch (cause) {
      throw new AppError('output_unwritable', `Cannot write "${path}"`, {cause});
    }
  }

  add(reject: {path: string; reason: string; index: number; offset: number; length: number}): void {
    if (this.#handle === undefined) return;
    const {path, reason, index, offset, length} = reject;
    this.#lines.push(`${JSON.stringify({file: path, index, offset, length, reason})}\n`);
  }

  drain(): Promise<void> | undefined {
    if (this.#handle === undefined || this.#lines.length < 1000) return undefined;
    return this.#write();
  }

  async close(): Promise<void> {
    await this.#write();
    await this.#handle?.close();
  }

  async #write(): Promise<void> {
    const text = this.#lines.join('');
    this.#lines = [];
    if (text === '') return;
    try {
      await this.#handle?.appendFile(text);
    } catch (cause) {
      throw new AppError('output_unwritable', 'Cannot write what was set aside', {cause});
    }
  }
}
