import type {ObservationInput} from '../../api/types.ts';
import {AppError, messageOf} from '../../base/errors.ts';
import {hash64} from '../../base/hash.ts';
import {isEventTime} from '../../event/event-time.ts';
import {isObservation, timeOf} from '../stream-reader.ts';
import type {RowOrigin} from './row-builder.ts';
import type {Stream} from './stream.ts';

const NO_IDS = new Int32Array(4);

/** @throws AppError `usage` naming the item, by its index, that is no observation of the stream. */
export function readItem(
  stream: Stream,
  item: ObservationInput,
  index: number,
): {time: number; fields: Readonly<Record<string, string>>; id: string} {
  try {
    const read =
      isObservation(item) && item.fields !== null
        ? {time: timeOf(item.time), fields: item.fields, id: ''}
        : stream.read(item);
    // Neither the model nor a store could go on after another time, or what is no text.
    if (!isEventTime(read.time)) throw new Error(`${read.time} is no time from 1990 to 2200`);
    if (Array.isArray(read.fields)) throw new Error('Its fields have no names');
    for (const [name, text] of Object.entries(read.fields)) {
      if (typeof text !== 'string') throw new Error(`Field ${JSON.stringify(name)} is no text`);
    }
    return read;
  } catch (cause) {
    const why = messageOf(cause);
    throw new AppError('usage', `Item ${index}: ${why}`, {cause});
  }
}

/** Ids of an item into the stream's row. */
export function takeItem(
  stream: Stream,
  item: ObservationInput,
  index: number,
  idOf: (column: number, text: string) => number,
): {time: number; id: string} {
  const {time, fields, id} = readItem(stream, item, index);
  stream.detector.columns.forEach((column, c) => {
    const text = Object.hasOwn(fields, column) ? fields[column] : undefined;
    stream.ids[c] = idOf(c, text === undefined || text === '' ? '-' : text);
  });
  return {time, id};
}

/** As decoders make them. */
function wordsOf(id: string): Int32Array {
  if (!CANONICAL.test(id)) {
    const a = hash64(id);
    const b = hash64(`${id}/`);
    return Int32Array.of(a.hi, a.lo, b.hi, b.lo);
  }
  const hex = id.replaceAll('-', '');
  return Int32Array.from([0, 8, 16, 24], (at) => Number.parseInt(hex.slice(at, at + 8), 16));
}

const CANONICAL = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where the row of an item comes from. */
export function originOf(id: string, time: number, index: number): RowOrigin {
  return {
    time,
    eventIds: id === '' ? NO_IDS : wordsOf(id),
    eventIdAt: 0,
    eventIdText: id === '' || CANONICAL.test(id) ? undefined : id,
    object: '',
    index,
    offset: 0,
    length: 0,
  };
}
