import {type FileHandle, open} from 'node:fs/promises';
import {availableParallelism} from 'node:os';
import {readAsnTable} from '../app/asn-file.ts';
import {readContexts} from '../app/context-file.ts';
import {Detector} from '../app/detector.ts';
import {fingerprintOf} from '../app/fingerprint.ts';
import {checkSavable, loadModel, saveModel} from '../app/model-file.ts';
import {lockModel} from '../app/model-lock.ts';
import {type EventView, type ScoreTrailOptions, scoreTrail} from '../app/score-trail.ts';
import {columnsOf, type DecodeSettings, listTrail, type TrailSummary} from '../app/trail.ts';
import {AppError, messageOf} from '../base/errors.ts';
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
  /**
   * "again": judge what the model has learnt as if it had not, and the rest by the model; "read":
   * judge nothing.
   */
  readonly judge?: 'again' | 'read';
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
    const detector = new Detector(columns, contexts);
    detector.extra = {stream: fingerprint(settings)};
    return {detector, settings, loaded: false};
  }
  const same =
    JSON.stringify([loaded.columns, loaded.declarations]) === JSON.stringify([columns, contexts]);
  const before = (loaded.extra as {stream?: string}).stream;
  if (same && before !== undefined && before !== fingerprint(settings)) {
    throw new AppError(
      'snapshot_unreadable',
      `Cannot use model "${options.model}": it was learnt with another time zone, working days, ` +
        'peer groups, organisation accounts, AS numbers or fields',
    );
  }
  if (!same) {
    throw new AppError(
      'snapshot_unreadable',
      `Cannot use model "${options.model}": it was learnt with other contexts`,
    );
  }
  output.note(`loaded model: ${count(loaded.learnt)} events learnt so far`);
  return {detector: loaded, settings, loaded: true};
}

/** Equal for settings that make the same components of the same records. */
function fingerprint({stream, asnTable}: DecodeSettings): string {
  return JSON.stringify([stream, asnTable === undefined ? null : fingerprintOf(asnTable)]);
}

function zone(timeZone: string): {timeZone: string} {
  try {
    new Intl.DateTimeFormat('en', {timeZone});
  } catch (cause) {
    throw new AppError('usage', `"${timeZone}" is no time zone; wanted: Europe/Berlin`, {cause});
  }
  return {timeZone};
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
  // Before it is loaded: what another run is about to save would be lost.
  const lock = learn && options.model !== undefined ? await lockModel(options.model) : undefined;
  try {
    return await runLocked(paths, options, output, signal, visitor);
  } finally {
    await lock?.release();
  }
}

async function runLocked(
  paths: readonly string[],
  options: ScoringOptions,
  output: Output,
  signal: AbortSignal,
  visitor: ScoringVisitor,
): Promise<number> {
  const learn = options.learn !== false;
  const {detector, settings, loaded} = await prepare(options, output);
  if (!learn && !loaded && options.model !== undefined) {
    throw new AppError('usage', `There is no model "${options.model}" to score by`);
  }
  // Hours of work should not end with a folder that is not there.
  if (learn && options.model !== undefined) await checkSavable(options.model);
  const saving = learn && options.model !== undefined;
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
    // A baseline is learnt whole; the range is about what is scored.
    since: options.since,
    until: options.until,
    // With nobody left to read the result, only learning is a reason to go on.
    visit: (event) => visitor.visit(event) !== false && (!output.gone || saving),
    breathe: () => both(visitor.breathe?.(), rejects.drain()),
    onReject,
  };
  try {
    const baseline = options.learnFrom !== undefined && options.learnFrom.length > 0;
    if (baseline) {
      const breathe = () => rejects.drain();
      const summary = await pass('learning', options.learnFrom ?? [], 'learn', {onReject, breathe});
      output.note('the baseline:');
      tell(summary);
    }
    let summary: TrailSummary;
    if (options.retrospective === true && !signal.aborted) {
      // What cannot be read, or is set aside, is told by the second pass.
      await pass('learning', paths, 'learn', {});
      await pass('ranking', paths, 'rank', {});
      summary = await pass('scoring', paths, 'without', scored);
    } else {
      summary = await pass(
        'scoring',
        paths,
        options.judge ?? (!learn ? 'score' : baseline ? 'extend' : 'observe'),
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

/** Waits for both, if there is anything to wait for. */
function both(
  one: Promise<void> | undefined,
  other: Promise<void> | undefined,
): Promise<void> | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Promise.all([one, other]).then(() => {});
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
  if (summary.events === 0 && (summary.dropped.duplicate ?? 0) > 0) {
    output.note('The model has learnt all of them before; `explain` tells about one of them');
  }
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
  const why = messageOf(cause);
  return new AppError('output_unwritable', `Cannot write ${what}: ${why}`, {cause});
}
