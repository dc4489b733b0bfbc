// What stands between quotes: whether it is UTF-8, what its escapes mean, and two fixed forms.

import {ROW_HAS_ID, ROW_ID, ROW_MILLISECONDS, ROW_TIME} from './layout';

// @ts-ignore: decorator
@inline
function isTail(c: u32): bool {
  return (c & 0xc0) == 0x80;
}

/** Table 3-7 of the Unicode standard: well-formed UTF-8 byte sequences. */
export function isUtf8(p: usize, end: usize): bool {
  while (p < end) {
    const c = <u32>load<u8>(p);
    if (c < 0x80) {
      p++;
      continue;
    }
    // The quote that follows the text is no continuation byte, so none is taken from behind it.
    const second = <u32>load<u8>(p, 1);
    if (c < 0xc2 || c > 0xf4 || !isTail(second)) return false;
    if (c < 0xe0) {
      p += 2;
      continue;
    }
    if (!isTail(load<u8>(p, 2))) return false;
    if (c < 0xf0) {
      if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f)) return false;
      p += 3;
      continue;
    }
    if (!isTail(load<u8>(p, 3))) return false;
    if ((c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f)) return false;
    p += 4;
  }
  return true;
}

// @ts-ignore: decorator
@inline
function hexValue(c: u32): u32 {
  return (c & 15) + (c >>> 6) * 9;
}

function hex4(p: usize): u32 {
  return (
    (hexValue(load<u8>(p)) << 12) |
    (hexValue(load<u8>(p, 1)) << 8) |
    (hexValue(load<u8>(p, 2)) << 4) |
    hexValue(load<u8>(p, 3))
  );
}

function putCodePoint(to: usize, code: u32): usize {
  if (code < 0x80) {
    store<u8>(to, code);
    return to + 1;
  }
  if (code < 0x800) {
    store<u8>(to, 0xc0 | (code >>> 6));
    store<u8>(to, 0x80 | (code & 63), 1);
    return to + 2;
  }
  if (code < 0x10000) {
    store<u8>(to, 0xe0 | (code >>> 12));
    store<u8>(to, 0x80 | ((code >>> 6) & 63), 1);
    store<u8>(to, 0x80 | (code & 63), 2);
    return to + 3;
  }
  store<u8>(to, 0xf0 | (code >>> 18));
  store<u8>(to, 0x80 | ((code >>> 12) & 63), 1);
  store<u8>(to, 0x80 | ((code >>> 6) & 63), 2);
  store<u8>(to, 0x80 | (code & 63), 3);
  return to + 4;
}

/** Writes the text without its escapes, never longer than it was; returns the end. */
export function unescape(p: usize, end: usize, to: usize): usize {
  while (p < end) {
    const c = <u32>load<u8>(p);
    if (c != 0x5c) {
      store<u8>(to++, c);
      p++;
      continue;
    }
    const kind = <u32>load<u8>(p, 1);
    if (kind != 0x75) {
      let meant = kind;
      if (kind == 0x62) meant = 0x08;
      else if (kind == 0x66) meant = 0x0c;
      else if (kind == 0x6e) meant = 0x0a;
      else if (kind == 0x72) meant = 0x0d;
      else if (kind == 0x74) meant = 0x09;
      store<u8>(to++, meant);
      p += 2;
      continue;
    }
    let code = hex4(p + 2);
    p += 6;
    if (code - 0xd800 < 0x800) {
      const low = code < 0xdc00 && load<u16>(p) == 0x755c ? hex4(p + 2) - 0xdc00 : 0x400;
      if (low < 0x400) {
        code = 0x10000 + ((code - 0xd800) << 10) + low;
        p += 6;
      } else {
        // Half a pair stands for no character.
        code = 0xfffd;
      }
    }
    to = putCodePoint(to, code);
  }
  return to;
}

/** Two digits, or ≥ 100 if they are none. */
// @ts-ignore: decorator
@inline
function twoDigits(p: usize): u32 {
  const tens = <u32>load<u8>(p) - 0x30;
  const ones = <u32>load<u8>(p, 1) - 0x30;
  return tens < 10 && ones < 10 ? tens * 10 + ones : 1000;
}

/** Takes `YYYY-MM-DDTHH:MM:SSZ` into the row; false if the text is anything else. */
export function takeTime(p: usize, length: usize, row: usize): bool {
  if (length != 20) return false;
  const marks =
    load<u8>(p, 4) == 0x2d &&
    load<u8>(p, 7) == 0x2d &&
    load<u8>(p, 10) == 0x54 &&
    load<u8>(p, 13) == 0x3a &&
    load<u8>(p, 16) == 0x3a &&
    load<u8>(p, 19) == 0x5a;
  if (!marks) return false;
  const century = twoDigits(p);
  const inCentury = twoDigits(p + 2);
  const month = twoDigits(p + 5);
  const day = twoDigits(p + 8);
  const hour = twoDigits(p + 11);
  const minute = twoDigits(p + 14);
  const second = twoDigits(p + 17);
  if (century > 99 || inCentury > 99 || month - 1 > 11 || day - 1 > 30) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  const year = century * 100 + inCentury;
  const leap = (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0);
  const days = month == 2 ? (leap ? 29 : 28) : 30 + ((month + (month >>> 3)) & 1);
  if (day > <u32>days) return false;
  // Days since 1970-03-01 in years that begin in March (Hinnant, "chrono-Compatible Low-Level Date
  // Algorithms", 2013), shifted by 400 years to stay positive.
  const y = year + 400 - <u32>(month < 3);
  const m = month < 3 ? month + 9 : month - 3;
  const total =
    <i64>(y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1) - 719468 - 146097;
  store<i64>(row, total * 86400 + <i64>(hour * 3600 + minute * 60 + second), ROW_TIME);
  store<i32>(row, 0, ROW_MILLISECONDS);
  return true;
}

/** Takes a lower-case UUID into the row; false if the text is anything else. */
export function takeUuid(p: usize, length: usize, row: usize): bool {
  if (length != 36) return false;
  const dashes =
    load<u8>(p, 8) == 0x2d && load<u8>(p, 13) == 0x2d && load<u8>(p, 18) == 0x2d && load<u8>(p, 23) == 0x2d;
  if (!dashes) return false;
  const start = v128.load(p);
  const middle = v128.load(p, 16);
  const end = v128.load(p, 20);
  const high = i8x16.shuffle(start, middle, 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17);
  const low = i8x16.shuffle(middle, end, 3, 4, 5, 6, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
  const digitsHigh = i8x16.sub(high, i8x16.splat(0x30));
  const digitsLow = i8x16.sub(low, i8x16.splat(0x30));
  const lettersHigh = i8x16.sub(high, i8x16.splat(0x61));
  const lettersLow = i8x16.sub(low, i8x16.splat(0x61));
  const areDigitsHigh = i8x16.lt_u(digitsHigh, i8x16.splat(10));
  const areDigitsLow = i8x16.lt_u(digitsLow, i8x16.splat(10));
  const valid = v128.and(
    v128.or(areDigitsHigh, i8x16.lt_u(lettersHigh, i8x16.splat(6))),
    v128.or(areDigitsLow, i8x16.lt_u(lettersLow, i8x16.splat(6))),
  );
  if (!i8x16.all_true(valid)) return false;
  const ten = i8x16.splat(10);
  const nibblesHigh = v128.bitselect(digitsHigh, i8x16.add(lettersHigh, ten), areDigitsHigh);
  const nibblesLow = v128.bitselect(digitsLow, i8x16.add(lettersLow, ten), areDigitsLow);
  const low8 = i16x8.splat(0xff);
  const pairsHigh = v128.and(v128.or(i16x8.shl(nibblesHigh, 4), i16x8.shr_u(nibblesHigh, 8)), low8);
  const pairsLow = v128.and(v128.or(i16x8.shl(nibblesLow, 4), i16x8.shr_u(nibblesLow, 8)), low8);
  const bytes = i8x16.narrow_i16x8_u(pairsHigh, pairsLow);
  // Within each word the bytes are turned round: the row's words are big-endian.
  const words = i8x16.shuffle(bytes, bytes, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  v128.store(row, words, ROW_ID);
  store<i32>(row, 1, ROW_HAS_ID);
  return true;
}
