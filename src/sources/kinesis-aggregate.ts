import {createHash} from 'node:crypto';

/** How a record begins into which the Kinesis Producer Library packed several. */
const MAGIC = [0xf3, 0x89, 0x9a, 0xc2];
const DIGEST_BYTES = 16;
const RECORDS_FIELD = 3;
const DATA_FIELD = 3;

/**
 * The records of users within a record of Kinesis; the record itself, where none are packed into
 * it, or what looks like it is damaged.
 */
export function disaggregate(data: Uint8Array): Uint8Array[] {
  if (data.length < MAGIC.length + DIGEST_BYTES) return [data];
  if (!MAGIC.every((byte, i) => data[i] === byte)) return [data];
  const body = data.subarray(MAGIC.length, data.length - DIGEST_BYTES);
  const digest = data.subarray(data.length - DIGEST_BYTES);
  if (!createHash('md5').update(body).digest().equals(digest)) return [data];
  const found: Uint8Array[] = [];
  for (const [field, record] of fieldsOf(body)) {
    if (field !== RECORDS_FIELD || record === undefined) continue;
    for (const [inner, bytes] of fieldsOf(record)) {
      if (inner === DATA_FIELD && bytes !== undefined) found.push(bytes);
    }
  }
  return found.length === 0 ? [data] : found;
}

/** The fields of a protobuf message, with the bytes of those that have a length. */
function* fieldsOf(message: Uint8Array): Generator<[number, Uint8Array | undefined], void, void> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < message.length; scale *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        varint();
        yield [field, undefined];
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = varint();
        yield [field, message.subarray(at, at + length)];
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        // No such type: what follows cannot be told apart.
        return;
    }
  }
}
