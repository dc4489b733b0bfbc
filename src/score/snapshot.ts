import {crc32} from 'node:zlib';
import {BinaryError, SectionReader, SectionWriter} from '../base/binary.ts';
import {AppError} from '../base/errors.ts';
import {Vocabulary} from '../model/vocabulary.ts';
import type {AlertBudget} from './budget.ts';
import type {ContextScorer} from './scorer.ts';

/** One context: what it has learnt, and its alert budget. */
export interface ContextState {
  readonly name: string;
  readonly scorer: ContextScorer;
  readonly budget: AlertBudget;
}

/** All that must agree when scoring goes on elsewhere or later. */
export interface ScoringState {
  readonly contexts: readonly ContextState[];
  /** One vocabulary for each column of the plan. */
  readonly vocabularies: readonly Vocabulary[];
  /** What the caller needs to carry on: positions, configuration; JSON. */
  readonly extra: string;
}

/**
 * A snapshot as bytes:
 *
 *     "ODDTRAIL" | version u32 | CRC-32 of the payload u32 | payload length f64 | payload
 *
 * all little-endian; the payload is made of named sections.
 */
export function writeSnapshot({contexts, vocabularies, extra}: ScoringState): Uint8Array {
  const writer = new SectionWriter();
  for (const {name, scorer, budget} of contexts) {
    const own = new SectionWriter();
    scorer.save(own);
    budget.save(own);
    writer.write(`context ${name}`, own.bytes());
  }
  writeVocabularies(writer, vocabularies);
  writer.text('extra', extra);
  const payload = writer.bytes();
  const bytes = new Uint8Array(HEAD + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, crc32(payload), true);
  view.setFloat64(16, payload.length, true);
  bytes.set(payload, HEAD);
  return bytes;
}

export interface RestoredSnapshot {
  readonly vocabularies: readonly Vocabulary[];
  readonly extra: string;
}

/**
 * Takes a snapshot over into new scorers and budgets, made for the same plans. If it throws, it
 * throws `AppError` snapshot_unreadable, and they must be thrown away.
 *
 * @param name of the snapshot, for messages.
 */
export function readSnapshot(
  bytes: Uint8Array,
  name: string,
  into: readonly ContextState[],
): RestoredSnapshot {
  const fail = (why: string, cause?: unknown): never => {
    throw new AppError('snapshot_unreadable', `Cannot read snapshot "${name}": ${why}`, {cause});
  };
  const payload = open(bytes, fail);
  try {
    const reader = new SectionReader(payload);
    for (const context of into) {
      const own = new SectionReader(reader.uint8(`context ${context.name}`));
      context.scorer.restore(own);
      context.budget.restore(own);
    }
    const vocabularies = readVocabularies(reader);
    if (vocabularies.length !== into[0]?.scorer.plan.columnCount) {
      throw new BinaryError(`it has ${vocabularies.length} vocabularies`);
    }
    return {vocabularies, extra: reader.text('extra')};
  } catch (error) {
    if (error instanceof BinaryError || error instanceof SyntaxError) {
      return fail(error.message, error);
    }
    throw error;
  }
}

/** In parts, since no string may have more than half a billion characters. */
function writeVocabularies(writer: SectionWriter, vocabularies: readonly Vocabulary[]): void {
  writer.numbers(
    'vocabularies',
    vocabularies.map(({limit}) => limit),
  );
  for (const [column, vocabulary] of vocabularies.entries()) {
    const texts = vocabulary.state();
    for (let from = 0; from < texts.length; from += PART) {
      const part = JSON.stringify(texts.slice(from, from + PART));
      writer.text(`vocabulary ${column} from ${from}`, part);
    }
  }
}

function readVocabularies(reader: SectionReader): Vocabulary[] {
  return Array.from(reader.float64('vocabularies'), (limit, column) => {
    const texts: (string | null)[] = [];
    for (let from = 0; from < limit; from += PART) {
      const name = `vocabulary ${column} from ${from}`;
      const part = JSON.parse(reader.text(name)) as (string | null)[];
      if (part.length !== Math.min(PART, limit - from)) {
        throw new BinaryError(`section "${name}" has ${part.length} texts`);
      }
      for (const text of part) texts.push(text);
    }
    return Vocabulary.restore(texts);
  });
}

/** The caller's part of a snapshot alone, to learn what to restore it into. */
export function readSnapshotExtra(bytes: Uint8Array, name: string): string {
  const fail = (why: string, cause?: unknown): never => {
    throw new AppError('snapshot_unreadable', `Cannot read snapshot "${name}": ${why}`, {cause});
  };
  const payload = open(bytes, fail);
  try {
    return new SectionReader(payload).text('extra');
  } catch (error) {
    if (error instanceof BinaryError) return fail(error.message, error);
    throw error;
  }
}

function open(bytes: Uint8Array, fail: (why: string) => never): Uint8Array {
  if (bytes.length < MAGIC.length || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    return fail('it is not a snapshot of this program');
  }
  if (bytes.length < HEAD) return fail(`it ends after ${bytes.length} bytes, within its head`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version < 1 || version > VERSION) {
    return fail(`version is ${version}, this build reads 1 to ${VERSION}`);
  }
  const wanted = HEAD + view.getFloat64(16, true);
  if (bytes.length !== wanted) return fail(`it has ${bytes.length} bytes, ${wanted} were written`);
  const payload = bytes.subarray(HEAD);
  if (crc32(payload) !== view.getUint32(12, true))
    return fail('its checksum differs: it is damaged');
  return payload;
}

const MAGIC = new TextEncoder().encode('ODDTRAIL');
const VERSION = 1;
const HEAD = 24;
/** Texts of a vocabulary in one section. */
const PART = 100_000;
