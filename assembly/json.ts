// JSON as JSON.parse accepts it (RFC 8259), byte by byte only where it must be. Each function takes
// the address of the first byte of what it reads and returns the address after it, or 0. After a 0,
// `failedAt` is the byte that cannot stand there, or 0 if the value is merely beyond us.
// Whatever lies behind the loaded bytes is zero, a byte that fits nowhere: nothing runs past the end.

export const MAX_DEPTH: u32 = 64;

export let failedAt: usize = 0;

// @ts-ignore: decorator
@inline
export function fail(p: usize): usize {
  failedAt = p;
  return 0;
}

// @ts-ignore: decorator
@inline
export function unsure(): usize {
  failedAt = 0;
  return 0;
}

/** Bits of the bytes that end a plain run within a string: `"`, `\` and control characters. */
// @ts-ignore: decorator
@inline
export function stringStops(v: v128): i32 {
  return i8x16.bitmask(
    v128.or(
      v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5c))),
      i8x16.lt_u(v, i8x16.splat(0x20)),
    ),
  );
}

// @ts-ignore: decorator
@inline
export function skipSpace(p: usize): usize {
  return load<u8>(p) > 0x20 ? p : skipSpaceRun(p);
}

function skipSpaceRun(p: usize): usize {
  // A single space, as after the colon of pretty-printed JSON.
  if (load<u8>(p) == 0x20 && load<u8>(p, 1) > 0x20) return p + 1;
  while (true) {
    const v = v128.load(p);
    const spaces = v128.or(
      v128.or(i8x16.eq(v, i8x16.splat(0x20)), i8x16.eq(v, i8x16.splat(0x0a))),
      v128.or(i8x16.eq(v, i8x16.splat(0x0d)), i8x16.eq(v, i8x16.splat(0x09))),
    );
    const others = i8x16.bitmask(spaces) ^ 0xffff;
    if (others != 0) return p + ctz(others);
    p += 16;
  }
  return p;
}

// @ts-ignore: decorator
@inline
function isHex(c: u32): bool {
  return c - 0x30 < 10 || (c | 0x20) - 0x61 < 6;
}

/** `p` is at the backslash. */
export function skipEscape(p: usize): usize {
  const c = load<u8>(p, 1);
  if (c == 0x75) {
    for (let i: usize = 2; i < 6; i++) {
      if (!isHex(load<u8>(p + i))) return fail(p + i);
    }
    return p + 6;
  }
  // " \ / b f n r t
  const simple =
    c == 0x22 || c == 0x5c || c == 0x2f || c == 0x62 || c == 0x66 || c == 0x6e || c == 0x72 || c == 0x74;
  return simple ? p + 2 : fail(p + 1);
}

/** `p` is after the opening quote. */
export function skipString(p: usize): usize {
  while (true) {
    const stops = stringStops(v128.load(p));
    if (stops == 0) {
      p += 16;
      continue;
    }
    p += ctz(stops);
    const c = load<u8>(p);
    if (c == 0x22) return p + 1;
    if (c != 0x5c) return fail(p);
    p = skipEscape(p);
    if (p == 0) return 0;
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function isDigit(p: usize): bool {
  return <u32>load<u8>(p) - 0x30 < 10;
}

function skipNumber(p: usize): usize {
  if (load<u8>(p) == 0x2d) p++;
  if (load<u8>(p) == 0x30) p++;
  else {
    if (!isDigit(p)) return fail(p);
    do p++;
    while (isDigit(p));
  }
  if (load<u8>(p) == 0x2e) {
    p++;
    if (!isDigit(p)) return fail(p);
    do p++;
    while (isDigit(p));
  }
  if ((load<u8>(p) | 0x20) == 0x65) {
    p++;
    const sign = load<u8>(p);
    if (sign == 0x2b || sign == 0x2d) p++;
    if (!isDigit(p)) return fail(p);
    do p++;
    while (isDigit(p));
  }
  return p;
}

/** `letters` are the word's bytes after the first, low byte first. */
function skipWord(p: usize, letters: u32, length: usize): usize {
  for (let i: usize = 1; i < length; i++) {
    if (load<u8>(p + i) != <u8>letters) return fail(p + i);
    letters >>>= 8;
  }
  return p + length;
}

/** Anything but strings, objects and arrays. */
export function skipScalar(p: usize): usize {
  const c = load<u8>(p);
  if (c == 0x74) return skipWord(p, 0x657572, 4);
  if (c == 0x66) return skipWord(p, 0x65736c61, 5);
  if (c == 0x6e) return skipWord(p, 0x6c6c75, 4);
  return skipNumber(p);
}

/** `depth` counts the objects and arrays around the value. */
export function skipValue(p: usize, depth: u32): usize {
  const c = load<u8>(p);
  if (c == 0x22) return skipString(p + 1);
  if (c == 0x7b) return skipObject(p + 1, depth + 1);
  if (c == 0x5b) return skipArray(p + 1, depth + 1);
  return skipScalar(p);
}

/** `p` is after the brace. */
export function skipObject(p: usize, depth: u32): usize {
  if (depth > MAX_DEPTH) return unsure();
  p = skipSpace(p);
  if (load<u8>(p) == 0x7d) return p + 1;
  while (true) {
    if (load<u8>(p) != 0x22) return fail(p);
    p = skipString(p + 1);
    if (p == 0) return 0;
    p = skipSpace(p);
    if (load<u8>(p) != 0x3a) return fail(p);
    p = skipValue(skipSpace(p + 1), depth);
    if (p == 0) return 0;
    p = skipSpace(p);
    const c = load<u8>(p);
    if (c != 0x2c) return c == 0x7d ? p + 1 : fail(p);
    p = skipSpace(p + 1);
  }
  return 0;
}

/** `p` is after the bracket. */
export function skipArray(p: usize, depth: u32): usize {
  if (depth > MAX_DEPTH) return unsure();
  p = skipSpace(p);
  if (load<u8>(p) == 0x5d) return p + 1;
  return skipElements(p, depth);
}

/** From an array's element to the array's end. */
export function skipElements(p: usize, depth: u32): usize {
  while (true) {
    p = skipValue(p, depth);
    if (p == 0) return 0;
    p = skipSpace(p);
    const c = load<u8>(p);
    if (c != 0x2c) return c == 0x5d ? p + 1 : fail(p);
    p = skipSpace(p + 1);
  }
  return 0;
}
