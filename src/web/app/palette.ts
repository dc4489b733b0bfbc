/** Groups that have a colour of their own; the rest share one. */
export const COLOURS = 8;

/**
 * Gives each of the groups that peak highest one of `COLOURS` slots. A group that stays among them
 * keeps its slot, so that colours do not change while one looks.
 *
 * @returns slot by group, -1 for those without.
 */
export function assignSlots(peaks: Float64Array, before: Int8Array): Int8Array {
  const slots = new Int8Array(peaks.length).fill(-1);
  const best = [...peaks.keys()]
    .filter((group) => (peaks[group] ?? 0) > 0)
    .sort((a, b) => (peaks[b] ?? 0) - (peaks[a] ?? 0) || a - b)
    .slice(0, COLOURS);
  const free = new Set(Array.from({length: COLOURS}, (_, slot) => slot));
  for (const group of best) {
    const kept = before[group] ?? -1;
    if (kept >= 0 && free.delete(kept)) slots[group] = kept;
  }
  for (const group of best) {
    if ((slots[group] ?? -1) >= 0) continue;
    const [slot = -1] = free;
    free.delete(slot);
    slots[group] = slot;
  }
  return slots;
}
