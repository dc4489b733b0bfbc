import type {EventBatch} from '../../event/batch.ts';
import {
  type DecodeSettings,
  openWholeDecoder,
  type WholeDecoder,
} from '../../pipeline/decode-session.ts';
import {decompressed} from '../../pipeline/record-at.ts';
import {fingerprintOf} from '../fingerprint.ts';
import type {Entry, StreamSetup} from './entries.ts';

/** What stays outside of entries and snapshots, since it is large and known by its fingerprint. */
export interface EngineResources {
  /** Text of the table of AS numbers, by the fingerprint that a stream asks for. */
  readonly asnTable?: string | undefined;
  /** "reference" does without WebAssembly. */
  readonly scanner?: 'fast' | 'reference' | undefined;
}

/** Bytes of the objects handed over with an entry, decompressed; of those beyond, none. */
const MAX_OBJECTS = 16 * 1024 * 1024;

/** What is made of each payload of an entry before the engine comes to it. */
export type DecodedPayloads = readonly {
  readonly batches: readonly EventBatch[];
  /** The bytes that places are counted in, of a payload that is compressed. */
  readonly object: Uint8Array<ArrayBuffer> | undefined;
}[];

interface Decoding {
  readonly setup: StreamSetup;
  decoder: WholeDecoder | undefined;
  /** It cannot go on: it may have told of texts that never arrive. */
  failed: boolean;
}

/** How a stream's payloads are to be decoded. */
export function decodeSettingsOf(
  {contexts, asnFingerprint}: StreamSetup,
  {asnTable, scanner}: EngineResources,
): DecodeSettings {
  return {
    stream: contexts.stream,
    scanner: scanner ?? 'fast',
    ...(asnFingerprint !== '' && {asnTable}),
  };
}

export function asnFingerprintOf(asnTable: string | undefined): string {
  return asnTable === undefined ? '' : fingerprintOf(asnTable);
}

/**
 * Decodes the payloads of entries before the engine comes to them, elsewhere than in its thread. It
 * follows the entries, all of them and in order, since they say which streams there are.
 *
 * What it makes of an entry is what the engine's own decoder would: where it fails, it leaves the
 * entry to that one, so that the fault is met, and told, in one place.
 */
export class EntryDecoder {
  readonly #resources: EngineResources;
  readonly #streams = new Map<string, Decoding>();

  /** @param setups streams that the engine begins with. */
  constructor(resources: EngineResources, setups: Iterable<readonly [string, StreamSetup]> = []) {
    this.#resources = resources;
    for (const [name, setup] of setups) this.#streams.set(name, begun(setup));
  }

  /** Batches of an entry's payloads; undefined if the engine is to decode them itself. */
  take(entry: Entry, payloads: readonly Uint8Array[]): DecodedPayloads | undefined {
    switch (entry.kind) {
      case 'create-context':
        if (!this.#streams.has(entry.stream)) {
          this.#streams.set(entry.stream, begun(entry.setup));
        }
        return undefined;
      case 'reset-context': {
        // The engine forgets the texts of ids; those of a new decoder begin anew.
        const stream = this.#streams.get(entry.stream);
        if (stream !== undefined) stream.decoder = undefined;
        return undefined;
      }
      case 'batch':
        return this.#decode(entry.stream, payloads);
      default:
        return undefined;
    }
  }

  #decode(name: string, payloads: readonly Uint8Array[]): DecodedPayloads | undefined {
    const stream = this.#streams.get(name);
    if (stream === undefined || stream.failed) return undefined;
    try {
      stream.decoder ??= openWholeDecoder(decodeSettingsOf(stream.setup, this.#resources));
      const {decoder} = stream;
      let room = MAX_OBJECTS;
      return payloads.map((payload, file) => {
        const batches = decoder.decode(file, payload);
        // What events come out of is looked at again sooner or later, if only for the oddest.
        const object = batches.length === 0 ? undefined : inflated(payload, room);
        room -= object?.length ?? 0;
        return {batches, object};
      });
    } catch {
      stream.failed = true;
      return undefined;
    }
  }
}

/** A payload decompressed, in a buffer of its own; undefined if it is not compressed, or too large. */
function inflated(payload: Uint8Array, room: number): Uint8Array<ArrayBuffer> | undefined {
  if (payload.length > room) return undefined;
  const object = decompressed(payload);
  return object === payload || object.length > room ? undefined : new Uint8Array(object);
}

function begun(setup: StreamSetup): Decoding {
  return {setup, decoder: undefined, failed: false};
}
