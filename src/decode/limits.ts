/** Bounds on what one file may ask of the decoder. Whatever exceeds one is rejected, and the rest read. */
export interface DecodeLimits {
  /** Bytes of one record, or of one wrapper that cannot be read piece by piece. */
  readonly recordBytes: number;
  /** Brackets open at once within one record. */
  readonly depth: number;
  /** Layers of strings, base64 and gzip that a record may be wrapped in. */
  readonly layers: number;
  /** A gzip stream is refused once it yields more bytes than this, and at more than `expansionRatio`. */
  readonly expansionBytes: number;
  readonly expansionRatio: number;
}

export const DEFAULT_LIMITS: DecodeLimits = {
  recordBytes: 32 * 1024 * 1024,
  depth: 200,
  layers: 5,
  expansionBytes: 64 * 1024 * 1024,
  expansionRatio: 250,
};
