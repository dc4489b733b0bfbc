import {z} from 'zod';
import type {Kind} from './detection.ts';
import type {KindPart} from './kind.ts';
import {PATTERN_KIND} from './pattern/kind.ts';

/** A kind whose folder is not part of this build: to load one is a problem, not a silence. */
const missing: KindPart<unknown> = {
  schema: z.unknown(),
  build: () => ({ok: false, faults: [{path: [], message: 'This kind is not in this build'}]}),
};

/** What each kind is made of; its folder holds the work. */
export const KIND_PARTS = {
  pattern: PATTERN_KIND,
  alarm: missing,
  composite: missing,
  trap: missing,
  rate: missing,
  condition: missing,
  sigma: missing,
} as const satisfies Record<Kind, KindPart<unknown>>;
