import {AppError} from '../../base/errors.ts';
import {columnsOf, type DecodeSettings, openWholeDecoder} from '../../pipeline/decode-session.ts';
import type {DecoderTexts} from '../../pipeline/trail.ts';
import {Detector} from '../detector.ts';
import {streamReader} from '../stream-reader.ts';
import type {StreamSetup} from './entries.ts';
import {asnFingerprintOf, decodeSettingsOf, type EngineResources} from './entry-decoder.ts';
import {RowBuilder} from './row-builder.ts';

/** A stream of an engine: what it has learnt, and how its payloads and items are read. */
export interface Stream {
  readonly name: string;
  readonly setup: StreamSetup;
  readonly settings: DecodeSettings;
  detector: Detector;
  builders: readonly RowBuilder[];
  ids: Int32Array;
  readonly decode: (file: number, bytes: Uint8Array) => ReturnType<WholeDecode>;
  readonly read: ReturnType<typeof streamReader>;
  texts: Map<string, DecoderTexts>;
  generation: number;
}

type WholeDecode = ReturnType<typeof openWholeDecoder>['decode'];

/** What to do about `contexts_changed`. */
export const WAY_BACK =
  'Put contexts, time_zone, organisation_accounts and asn_table of the configuration back to what ' +
  'they were; or, to learn anew and keep the rows stored so far, stop the service and remove the ' +
  'folders "journal" and "snapshots" of data_dir together';

/**
 * A stream as set up, with what it had learnt.
 * @throws AppError `contexts_changed` if the table of AS numbers is another one
 */
export function openStream(
  name: string,
  setup: StreamSetup,
  resources: EngineResources,
  restored?: Detector,
): Stream {
  const {asnTable} = resources;
  const {contexts, asnFingerprint} = setup;
  if (asnFingerprint !== '' && asnFingerprint !== asnFingerprintOf(asnTable)) {
    throw new AppError(
      'contexts_changed',
      `Stream "${name}" was learnt with another table of AS numbers than the one configured. ${WAY_BACK}`,
    );
  }
  const settings = decodeSettingsOf(setup, resources);
  const detector = restored ?? new Detector(columnsOf(settings), contexts.contexts);
  let decode: WholeDecode | undefined;
  return {
    name,
    setup,
    settings,
    detector,
    builders: contexts.contexts.map(
      (_, i) => new RowBuilder(detector, i, contexts.stream.type === 'cloudtrail'),
    ),
    ids: new Int32Array(detector.columns.length),
    decode: (file, bytes) => {
      // Some streams are only ever observed through the API.
      decode ??= openWholeDecoder(settings).decode;
      return decode(file, bytes);
    },
    read: streamReader(contexts.stream, settings.asnTable),
    texts: new Map(),
    generation: detector.generation,
  };
}

/** Ids may mean other texts now. */
export function renew(stream: Stream): void {
  stream.generation = stream.detector.generation;
  for (const builder of stream.builders) builder.forget();
}

/** Whom a context says its row is about. */
export function entityOf({detector, ids}: Stream, context: number): string {
  const {entity} = detector.scorer(context).plan;
  return detector.text(entity, ids[entity] as number);
}
