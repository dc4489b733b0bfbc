import type {ContextInfo, Profile} from '../../api/types.ts';
import {normalOf} from '../inspect-model.ts';
import type {Stream} from './stream.ts';

/** Values told of each history of a profile. */
const PROFILE_VALUES = 20;

/** What is normal for a principal; undefined if the context has never seen it. */
export function profileOf(
  streams: Iterable<Stream>,
  context: string,
  principal: string,
): Profile | undefined {
  for (const {detector} of streams) {
    const at = detector.declarations.findIndex(({name}) => name === context);
    if (at < 0) continue;
    const scorer = detector.scorer(at);
    const id = detector.vocabularies[scorer.plan.entity]?.find(principal);
    if (id === undefined) return undefined;
    const facets = new Map<string, Profile['facets'][number]>();
    for (const normal of normalOf(detector, principal, PROFILE_VALUES)) {
      if (normal.context !== context) continue;
      let facet = facets.get(normal.facet);
      if (facet === undefined) {
        facet = {facet: normal.facet, component: normal.field, contexts: []};
        facets.set(normal.facet, facet);
      }
      facet.contexts.push({
        given: normal.given,
        total: normal.times,
        distinct: normal.distinct,
        values: normal.values.map((value) => ({
          ...value,
          firstSeen: Number.isFinite(value.firstSeen) ? value.firstSeen : null,
          lastSeen: Number.isFinite(value.lastSeen) ? value.lastSeen : null,
        })),
      });
    }
    if (facets.size === 0) return undefined;
    const activeDays = scorer.activeDays(id);
    return {context, principal, activeDays, facets: [...facets.values()]};
  }
  return undefined;
}

/** Every context, and how much it has learnt. */
export function contextsOf(streams: Iterable<Stream>): ContextInfo[] {
  return [...streams].flatMap(({name: stream, detector}) =>
    detector.declarations.map((declaration, i): ContextInfo => {
      const scorer = detector.scorer(i);
      return {
        name: declaration.name,
        stream,
        entity: declaration.entity,
        facets: declaration.facets.map(({name, of, given, weight}) => ({
          name,
          of,
          given: given.map((fields) => (fields.length === 0 ? 'everyone' : fields.join('+'))),
          weight,
        })),
        learnt: scorer.learnt,
        bytes: scorer.byteLength,
      };
    }),
  );
}
