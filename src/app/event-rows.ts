import type {EventBatch} from '../event/batch.ts';
import type {RoleChain} from '../event/role-chain.ts';
import type {TracedBatch} from '../pipeline/trail.ts';
import type {Detector} from './detector.ts';

/** Turns rows of decoded batches, one after the other, into rows of a detector's ids. */
export class EventRows {
  readonly #detector: Detector;
  readonly #name: (column: number, text: string) => number;

  constructor(detector: Detector) {
    this.#detector = detector;
    this.#name = (column, text) => detector.id(column, text);
  }

  /** Writes the ids of a row into `ids`, one a column. */
  identify({columns, texts}: TracedBatch, row: number, ids: Int32Array): void {
    const {generation} = this.#detector;
    // Ids were swept: what is remembered of them may be wrong by now.
    if (texts.generation !== generation) texts.forget(generation);
    texts.translate(columns, row * ids.length, ids, this.#name);
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
