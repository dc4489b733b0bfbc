import {assert} from '../base/assert.ts';
import {FileDecoder, type Unwrap} from '../decode/decoder.ts';
import {EventDecoder} from '../decode/event-decoder.ts';
import {ReferenceScanner} from '../decode/reference-scanner.ts';
import type {Item} from '../decode/unwrap.ts';
import {WasmScanner} from '../decode/wasm-scanner.ts';
import {AsnTable} from '../event/asn-table.ts';
import type {EventBatch} from '../event/batch.ts';
import {type Derivation, prepareDerivation} from '../event/derive.ts';
import {streamPlan} from '../features/deriver.ts';
import {flattener, type JsonStream} from '../features/json-stream.ts';
import type {StreamDeclaration} from '../features/stream.ts';
import type {DecodeSession, PieceRequest} from './decode-protocol.ts';

/** Everything a decoding thread must know; crosses threads as it is. */
export interface DecodeSettings {
  readonly stream: StreamDeclaration;
  /** Text of a sound table of networks and their AS numbers; bad lines are left out. */
  readonly asnTable?: string | undefined;
  /** "reference" does without WebAssembly. */
  readonly scanner: 'fast' | 'reference';
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

export function derivationOf({stream, asnTable}: DecodeSettings): Derivation {
  return prepareDerivation({
    timeZone: stream.timeZone,
    workingDays: stream.workingDays.map((day) => DAYS.indexOf(day)),
    peerGroups: stream.peerGroups,
    organisationAccounts: stream.organisationAccounts,
    ...(asnTable !== undefined && {asns: AsnTable.parse(asnTable).table}),
  });
}

/** The columns of every batch of a stream. */
export function columnsOf(settings: DecodeSettings): readonly string[] {
  // Whatever the table says: reading a large one takes a while.
  return streamPlan(settings.stream, derivationOf({...settings, asnTable: undefined})).columns;
}

/** Decodes whole files that are in memory. */
export interface WholeDecoder {
  /** Batches of a file, in its order; rejects and drops ride on them. */
  decode(file: number, bytes: Uint8Array): readonly EventBatch[];
}

export function openDecodeSession(settings: DecodeSettings): DecodeSession {
  const {events, decoder} = openDecoders(settings);
  let current = -1;
  return {
    async handle({file, bytes, first, last}: PieceRequest): Promise<readonly EventBatch[]> {
      assert(first || file === current, 'pieces of a file come one after the other');
      current = file;
      if (first) events.beginFile(file);
      if (first && last) decoder.decodeFile(bytes);
      else {
        if (first) decoder.begin();
        decoder.push(bytes);
        if (last) decoder.end();
      }
      return events.take();
    },
  };
}

export function openWholeDecoder(settings: DecodeSettings): WholeDecoder {
  const {events, decoder} = openDecoders(settings);
  return {
    decode(file, bytes) {
      events.beginFile(file);
      decoder.decodeFile(bytes);
      return events.take();
    },
  };
}

function openDecoders(settings: DecodeSettings): {events: EventDecoder; decoder: FileDecoder} {
  const {stream} = settings;
  const derivation = derivationOf(settings);
  const plan = streamPlan(stream, derivation);
  const scanner =
    settings.scanner === 'fast' && stream.type === 'cloudtrail'
      ? new WasmScanner(plan.spec)
      : new ReferenceScanner(plan.spec);
  const events = new EventDecoder(scanner, plan);
  const decoder = new FileDecoder(
    scanner,
    events,
    {},
    stream.type === 'json' ? unwrapJson(stream, derivation) : undefined,
  );
  return {events, decoder};
}

/** Reads any JSON as records of a declared stream: objects, and arrays of them. */
function unwrapJson(stream: JsonStream, derivation: Derivation): Unwrap {
  const flatten = flattener(stream, derivation);
  return (value) =>
    (Array.isArray(value) ? value : [value]).map((each: unknown): Item => {
      const at = typeof each === 'object' && each !== null ? each : undefined;
      const flat = flatten(each);
      return flat.ok
        ? {kind: 'record', record: {...flat.record}, milliseconds: flat.milliseconds, at}
        : {kind: 'reject', reason: flat.reason, at};
    });
}
