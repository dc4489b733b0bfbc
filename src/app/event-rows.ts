import type {EventBatch} from '../event/batch.ts';
import type {RoleChain} from '../event/role-chain.ts';
import type {TracedBatch} from '../pipeline/trail.ts';
import type {Detector} from './detector.ts';

/** Turns rows of decoded batches, one after the other, into rows of a detector's ids. */
export class EventRows {
  readonly #detector: Detector;
  readonly #maps: Int32Array[] = [];
  #current: TracedBatch | undefined;

  constructor(detector: Detector) {
    this.#detector = detector;
  }

  /** Writes the ids of a row into `ids`, one a column. */
  identify(batch: TracedBatch, row: number, ids: Int32Array): void {
    const detector = this.#detector;
    const {columns, texts} = batch;
    const width = ids.length;
    const maps = this.#maps;
    // Ids were swept: what the batch remembers of them may be wrong by now.
    const renewed = texts.generation !== detector.generation;
    if (renewed) texts.forget(detector.generation);
    if (batch !== this.#current || renewed) {
      this.#current = batch;
      for (let c = 0; c < width; c++) maps[c] = texts.mapOf(c);
    }
    const from = row * width;
    for (let c = 0; c < width; c++) {
      const local = columns[from + c] as number;
      const map = maps[c] as Int32Array;
      let id = map[local] as number;
      if (id < 0) {
        id = detector.id(c, texts.texts[local] as string);
        map[local] = id;
      }
      ids[c] = id;
    }
  }
}

/**
 * Follows the credentials an event was made with, and those it gave out.
 *
 * @param own id of the event's principal
 * @returns id of whom the credentials go back to; -1 if to the principal itself.
 */
export function followChain(
  {keys}: EventBatch,
  row: number,
  own: number,
  chain: RoleChain,
): number {
  const at = row * 4;
  const used = (keys[at] as number) !== 0 || (keys[at + 1] as number) !== 0;
  const issued = (keys[at + 2] as number) !== 0 || (keys[at + 3] as number) !== 0;
  if (!used && !issued) return -1;
  const origin = used ? (chain.originOf(keys[at] as number, keys[at + 1] as number) ?? own) : own;
  if (issued) chain.issued(keys[at + 2] as number, keys[at + 3] as number, origin);
  return origin === own ? -1 : origin;
}
