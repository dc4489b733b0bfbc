import {decompressed, recordAt} from '../../pipeline/record-at.ts';
import type {Source} from '../../pipeline/source.ts';
import type {Store, StoredObservation} from '../../pipeline/store.ts';

/** Objects that are held while many records are read, and their bytes. */
const MAX_OBJECTS = 256;
const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

/** Records of observations: those that were kept, others once more from where they came. */
export class StoredRecords {
  readonly #store: Store;
  readonly #sourceOf: (name: string) => Source | undefined;

  constructor(store: Store, sourceOf: (name: string) => Source | undefined) {
    this.#store = store;
    this.#sourceOf = sourceOf;
  }

  /** Its JSON; undefined where it cannot be had any more. */
  async record(observation: StoredObservation): Promise<string | undefined> {
    const kept = await this.#store.detail(observation.id);
    if (kept !== undefined && kept.record !== null) return kept.record;
    const bytes = await this.#object(observation);
    if (bytes === undefined) return undefined;
    const {offset, length, eventId} = observation;
    return recordAt(bytes, offset, length, eventId) ?? undefined;
  }

  /** The object that a record came in, once more from its source. */
  async #object({source, object}: StoredObservation): Promise<Uint8Array | undefined> {
    const delivered = await this.#sourceOf(source)?.fetch?.(object);
    return delivered === undefined ? undefined : decompressed(delivered);
  }

  /** Reads many records, those of one object after the other mostly. */
  reader(): (observation: StoredObservation) => Promise<string | undefined> {
    const held = new Map<string, Uint8Array | undefined>();
    let size = 0;
    return async (observation) => {
      const {offset, length, eventId} = observation;
      if (length <= 0) return undefined;
      const key = JSON.stringify([observation.source, observation.object]);
      if (!held.has(key)) {
        const bytes = await this.#object(observation).catch(() => undefined);
        held.set(key, bytes);
        size += bytes?.length ?? 0;
        for (const [oldest, other] of held) {
          if (held.size <= MAX_OBJECTS && (size <= MAX_OBJECT_BYTES || held.size === 1)) break;
          held.delete(oldest);
          size -= other?.length ?? 0;
        }
      }
      const bytes = held.get(key);
      return bytes === undefined
        ? undefined
        : (recordAt(bytes, offset, length, eventId) ?? undefined);
    };
  }
}
