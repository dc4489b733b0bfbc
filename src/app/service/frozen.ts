import type {Explanation, FacetExplanation} from '../../score/explain.ts';

/** An explanation as JSON, to be kept beside the row: the counts as they were. */
export function frozenExplanation(explanation: Explanation, origin: string | undefined): string {
  return JSON.stringify({
    entity: explanation.entity,
    sentence: explanation.sentence,
    ...(origin !== undefined && {origin}),
    facets: explanation.facets.map((facet) => ({
      facet: facet.facet,
      component: facet.component,
      value: facet.value,
      bits: short(facet.bits),
      share: short(facet.share),
      knownTo: facet.knownTo,
      // Of what is usual, its own history says enough.
      levels: (telling(facet) ? facet.levels : facet.levels.slice(0, 1)).map((level) => ({
        name: level.name,
        total: short(level.total),
        totalTimes: level.totalTimes,
        distinct: level.distinct,
        count: short(level.count),
        times: level.times,
        // JSON has no way to say that there was no such time but null.
        firstSeen: Number.isFinite(level.firstSeen) ? level.firstSeen : null,
        lastSeen: Number.isFinite(level.lastSeen) ? level.lastSeen : null,
      })),
      usual: telling(facet)
        ? facet.usual.map(({value, share}) => ({value, share: short(share)}))
        : [],
      ...(facet.holders !== undefined && {holders: facet.holders}),
      sentence: facet.sentence,
    })),
  });
}

/** Whether there is anything to explain about a facet. */
function telling({bits, share}: FacetExplanation): boolean {
  return bits >= 1 || share >= 0.02;
}

/** Four decimals: what a reader can use. */
function short(number: number): number {
  return Math.round(number * 10_000) / 10_000;
}
