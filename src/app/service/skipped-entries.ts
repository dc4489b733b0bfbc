import {readFile} from 'node:fs/promises';
import {AppError, messageOf} from '../../base/errors.ts';
import {replaceFile} from '../replace-file.ts';

/** Times that the engine may fail on an entry before that is set aside. */
const MOST_FAILURES = 2;

/**
 * Entries of the journal that the engine failed on again and again: they are set aside unread, now
 * and when the journal is gone through again, so that one record cannot stop the service.
 */
export class SkippedEntries {
  readonly #file: string;
  readonly #why = new Map<number, string>();
  readonly #failures = new Map<number, number>();

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws AppError `journal_damaged` */
  async read(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw new AppError('journal_damaged', `Cannot read "${this.#file}"`, {cause});
    }
    try {
      const kept = JSON.parse(text) as Record<string, string>;
      for (const [number, why] of Object.entries(kept)) this.#why.set(Number(number), why);
    } catch (cause) {
      throw new AppError('journal_damaged', `"${this.#file}" is damaged`, {cause});
    }
  }

  /** Why an entry is set aside; undefined if it is not. */
  get(number: number): string | undefined {
    return this.#why.get(number);
  }

  /** The engine failed while it had the entry. */
  suspect(number: number): void {
    this.#failures.set(number, (this.#failures.get(number) ?? 0) + 1);
  }

  /** The engine has been through the entry. */
  clear(number: number): void {
    this.#failures.delete(number);
  }

  /**
   * Sets aside whatever the engine failed on often enough.
   *
   * @param oldest first entry of the journal: what was before it is forgotten
   * @returns the entries
   * @throws AppError `journal_unwritable`
   */
  async skipSuspects(why: string, oldest: number): Promise<number[]> {
    const skipped = [...this.#failures]
      .filter(([number, times]) => times >= MOST_FAILURES && !this.#why.has(number))
      .map(([number]) => number);
    if (skipped.length === 0) return [];
    for (const number of skipped) this.#why.set(number, `The engine failed on it: ${why}`);
    const kept = [...this.#why].filter(([number]) => number >= oldest);
    try {
      await replaceFile(this.#file, JSON.stringify(Object.fromEntries(kept)));
    } catch (cause) {
      const said = messageOf(cause);
      throw new AppError('journal_unwritable', `Cannot write "${this.#file}": ${said}`, {cause});
    }
    return skipped;
  }
}
