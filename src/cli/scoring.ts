import {type FileHandle, open, readFile} from 'node:fs/promises';
import {availableParallelism} from 'node:os';
import {readContexts} from '../app/context-file.ts';
import {Detector} from '../app/detector.ts';
import {checkSavable, loadModel, saveModel} from '../app/model-file.ts';
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
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('usage', `Cannot read AS numbers "${file}": ${why}`, {cause});
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
  checkOptions(paths, options, learn);
  const {detector, settings, loaded} = await prepare(options, output);
  if (!learn && !loaded && options.model !== undefined) {
    throw new AppError('usage', `There is no model "${options.model}" to score by`);
  }
  // Hours of work should not end with a folder that is not there.
  if (learn && options.model !== undefined) await checkSavable(options.model);
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
    const once = listing.files.find(({size}) => size < 0);
    if (options.retrospective === true && once !== undefined) {
      const message = `--retrospective reads everything twice, which "${once.path}" cannot be`;
      throw new AppError('usage', message);
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
      return {...summary, faults: [...listing.faults, ...summary.faults]};
    } finally {
      progress.clear();
    }
  };

  const tell = (summary: TrailSummary) => {
    for (const {error} of summary.faults) output.warn(`${error.message} [${error.code}]`);
    faults += summary.faults.length;
    noteSummary(summary, output, options.rejects, signal.aborted);
  };
  const onReject: ScoreTrailOptions['onReject'] = (reject) => rejects.add(reject);
  const scored: Partial<ScoreTrailOptions> = {
    visit: (event) => visitor.visit(event) !== false,
    breathe: () => visitor.breathe?.() ?? rejects.drain(),
    onReject,
  };
  try {
    if (options.learnFrom !== undefined && options.learnFrom.length > 0) {
      const breathe = () => rejects.drain();
      const summary = await pass('learning', options.learnFrom, 'learn', {onReject, breathe});
      output.note('the baseline:');
      tell(summary);
    }
    let summary: TrailSummary;
    if (options.retrospective === true && !signal.aborted) {
      // What cannot be read, or is set aside, is told by the second pass.
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
    tell(summary);
  } finally {
    await rejects.close();
  }
  if (signal.aborted) return 130;
  return faults > 0 ? 3 : 0;
}

/** What the command line's grammar does not rule out by itself. */
function checkOptions(paths: readonly string[], options: ScoringOptions, learn: boolean): void {
  const {learnFrom = [], model, retrospective, since, until} = options;
  if (!learn && retrospective === true) {
    throw new AppError('usage', '--retrospective learns first; it does not go with --no-learn');
  }
  if (options.learn === false && model === undefined && learnFrom.length === 0) {
    const message = '--no-learn scores by what is known; give --model or --learn-from as well';
    throw new AppError('usage', message);
  }
  if ([...paths, ...learnFrom].filter((path) => path === '-').length > 1) {
    throw new AppError('usage', 'Standard input ("-") can be read only once');
  }
  if (since !== undefined && until !== undefined && since >= until) {
    throw new AppError('usage', '--since is not before --until, so that no event lies between');
  }
}

/** One line on what was read, and one on what was not. */
function noteSummary(
  summary: TrailSummary,
  output: Output,
  rejects: string | undefined,
  aborted: boolean,
): void {
  // A visitor that has found what it looked for stops as well; only a signal interrupts.
  output.note(
    `${count(summary.events)} events in ${count(summary.filesRead)} ` +
      `${summary.filesRead === 1 ? 'file' : 'files'}` +
      (aborted ? ' (interrupted)' : ''),
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
      throw unwritable(`"${path}"`, cause);
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
    try {
      await this.#write();
    } finally {
      await this.#handle?.close();
    }
  }

  async #write(): Promise<void> {
    const text = this.#lines.join('');
    this.#lines = [];
    if (text === '') return;
    try {
      await this.#handle?.appendFile(text);
    } catch (cause) {
      throw unwritable('what was set aside', cause);
    }
  }
}

function unwritable(what: string, cause: unknown): AppError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AppError('output_unwritable', `Cannot write ${what}: ${why}`, {cause});
}
