import type {Components, Field, Method} from '../method.ts';

export type Pair = readonly [Field, Field];

const DAY_MS = 86_400_000;

/** Pairs as the first-seen rules of public rule sets use them, one rule each. */
export const NINE_PAIRS: readonly Pair[] = [
  ['principal', 'operation'],
  ['principal', 'service'],
  ['principal', 'network'],
  ['principal', 'userAgent'],
  ['principal', 'region'],
  ['principal', 'account'],
  ['principal', 'error'],
  ['principal', 'resource'],
  ['account', 'operation'],
];

/**
 * First-seen rules: how many of these pairs of values were not seen within the window before.
 * After Elastic Security's *new terms* rule type (documentation and the rules of
 * elastic/detection-rules, 2022–2026; their windows are 5 to 14 days). A window of `Infinity`
 * never forgets. A rule of this kind gives no order among its alerts; the harness draws lots.
 */
export function newTerms(pairs: readonly Pair[], windowDays: number): Method {
  const lastSeen = pairs.map(() => new Map<string, number>());
  const windowMs = windowDays * DAY_MS;
  const rules = pairs.length === 1 ? `1 rule (${pairs[0]?.join(', ')})` : `${pairs.length} rules`;
  return {
    name: `new terms, ${rules}, ${windowDays === Infinity ? 'no window' : `${windowDays} d`}`,
    observe(event: Components, timeMs: number): number {
      let fresh = 0;
      for (const [i, [left, right]] of pairs.entries()) {
        const key = `${event[left]}\n${event[right]}`;
        const seen = lastSeen[i];
        const last = seen?.get(key);
        if (last === undefined || timeMs - last > windowMs) fresh++;
        seen?.set(key, timeMs);
      }
      return fresh;
    },
  };
}
