import type {Components} from '../event/fields.ts';
import type {Json} from './json.ts';

/** What every condition sees: an event, its components and its score. Data, never to be trusted. */
export interface DetectionEvent {
  /** Event time, epoch milliseconds. */
  readonly time: number;
  /** `eventID`; "" where the record has none. */
  readonly id: string;
  readonly components: Components;
  /** Whom the credentials go back to through role chains; the principal itself mostly. */
  readonly origin: string;
  /** The highest novelty score of all contexts, in [0, 1]; 0 when none judged it. */
  readonly score: number;
  /** Bits of each facet of the context that gave that score. */
  readonly bits: Readonly<Record<string, number>>;
  /** The record as delivered; parsed when it is first asked for, so ask last. */
  readonly record: Readonly<Record<string, Json>>;
  /**
   * False if no key or text of the record holds this text, which is in lower case, whatever the case
   * and the escapes it is written with. Far cheaper than looking at the record; where it is missing,
   * any text may be in it.
   */
  mayHold?(text: string): boolean;
  /**
   * The text that the record has at its top under this key; "" where it has none. Far cheaper than
   * `record`; where it is missing, look there.
   */
  ownText?(key: 'sourceIPAddress' | 'userAgent'): string;
}
