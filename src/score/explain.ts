import {saturate} from '../model/evidence.ts';
import type {Counts, Learner, UsualValue} from '../model/learner.ts';
import type {ModelPlan} from '../model/plan.ts';
import {type FacetWording, fill, GENERIC_WORDING, type Holders} from './wording.ts';

/** What an explanation needs to know beside the counts. */
export interface ExplainOptions {
  /** Name of each column, as people know it. */
  readonly columns: readonly string[];
  /** Text of an id of a column. */
  readonly text: (column: number, id: number) => string;
  /** Sentences by facet name; others get the generic form. */
  readonly wording?: Readonly<Record<string, FacetWording>>;
  /** The groups whose members are counted, as in "3 of 41 users"; without them all are one. */
  readonly groups?: EntityGroups | undefined;
  /** The event was learnt already: tell the counts as they would be without it. */
  readonly without?: boolean | undefined;
  /** Usual values told per facet; 3 unless told. */
  readonly usual?: number;
}

/** Which group an entity belongs to, and how large the groups are. */
export interface EntityGroups {
  /** Group of an entity; -1 if it is not known. */
  of(entity: number): number;
  size(group: number): number;
  /** In the plural: "users". */
  name(group: number): string;
}

export interface LevelExplanation extends Counts {
  /** "self", "everyone", or the columns of the context: "peer", "peer+service". */
  readonly name: string;
}

export interface FacetExplanation {
  readonly facet: string;
  /** Name of the component judged, and its value. */
  readonly component: string;
  readonly value: string;
  readonly bits: number;
  /** Part of the event's surprise, in [0, 1]. */
  readonly share: number;
  /** Level at which the value was first known: a level's name, or "never". */
  readonly knownTo: string;
  readonly levels: readonly LevelExplanation[];
  /** What would have been ordinary: the commonest values, of the nearest level that has any. */
  readonly usual: readonly {readonly value: string; readonly share: number}[];
  /** Who ever had the value, where a facet counts that; else undefined. */
  readonly holders: Holders | undefined;
  /** The own history remembers no more values than it has: what was seen least is forgotten. */
  readonly full: boolean;
  /** One sentence for people, without a full stop. */
  readonly sentence: string;
  /** Its first clause alone, without the entity's name where it begins with that. */
  readonly brief: string;
}

export interface Explanation {
  /** The entity's text. */
  readonly entity: string;
  /** Facet that contributes most; undefined when nothing is surprising. */
  readonly mostNovel: FacetExplanation | undefined;
  /** In the order of the plan. */
  readonly facets: readonly FacetExplanation[];
  /** The sentences that matter, most telling first. */
  readonly sentence: string;
}

/**
 * Says why an event got its bits, from the counts as they are: call it before the event is learnt.
 * Costs a look at every counter of the event and at the values of one context a facet, of which
 * there are at most a few hundred for an entity's own.
 */
export function explain(
  learner: Learner,
  ids: Int32Array,
  time: number,
  judged: {readonly bits: Float64Array; readonly level: Uint8Array},
  options: ExplainOptions,
): Explanation {
  const {facets, entity, parameters} = learner.plan;
  const parts = facets.map(
    ({weight}, f) => weight * saturate(judged.bits[f] as number, parameters.saturation),
  );
  const surprise = parts.reduce((sum, part) => sum + part, 0);
  const who = options.text(entity, ids[entity] as number);

  const told = facets.map((_, f): FacetExplanation => {
    const share = surprise === 0 ? 0 : (parts[f] as number) / surprise;
    return explainFacet(learner, f, ids, time, judged, share, who, options);
  });
  const ranked = told
    .filter(({share, bits}) => share > 0 && bits >= 0.5)
    .sort((a, b) => b.share - a.share);
  const mostNovel = surprise === 0 ? undefined : told[parts.indexOf(Math.max(...parts))];
  const telling = ranked.filter(({share}) => share >= 0.15).slice(0, 3);
  // One is told in full; of the others it is enough to name them.
  const sentence = telling.map((facet, i) => (i === 0 ? facet.sentence : facet.brief)).join('; ');
  return {entity: who, mostNovel, facets: told, sentence: sentence || `${who} did what is usual`};
}

function explainFacet(
  learner: Learner,
  f: number,
  ids: Int32Array,
  time: number,
  judged: {readonly bits: Float64Array; readonly level: Uint8Array},
  share: number,
  who: string,
  options: ExplainOptions,
): FacetExplanation {
  const {facets, entity} = learner.plan;
  const facet = facets[f] as ModelPlan['facets'][number];
  const id = ids[facet.target] as number;
  const component = options.columns[facet.target] ?? `column ${facet.target}`;
  // As in `Learner.scoreWithout`: a wider history loses the event only if the narrower knew it alone.
  let removing = options.without === true;
  const levels = facet.levels.map((columns, level): LevelExplanation => {
    const name = levelName(columns, facet.target, entity, options.columns);
    const counts = learner.counts(f, level, ids, time);
    const told = removing ? withoutOne(counts) : counts;
    removing &&= counts.times <= 1;
    return {name, ...told};
  });
  const nearest = levels.findIndex(({distinct}) => distinct > 0);
  const limit = options.usual ?? 3;
  const text = ({value, share: part}: UsualValue) => ({
    value: options.text(facet.target, value),
    share: part,
  });
  // What only this event did is not usual.
  const alone = options.without === true && learner.counts(f, 0, ids, time).times === 1;
  const usual =
    nearest < 0
      ? []
      : learner
          .usual(f, nearest, ids, alone ? limit + 1 : limit)
          .filter(({value: other}) => !(alone && nearest === 0 && other === id))
          .slice(0, limit)
          .map(text);
  const value = options.text(facet.target, id);
  const known = judged.level[f] as number;
  const holders = holdersOf(learner, facet.target, ids, time, options);
  const facts = {
    facet: facet.name,
    component,
    value,
    bits: judged.bits[f] as number,
    share,
    knownTo: levels[known]?.name ?? 'never',
    levels,
    usual,
    holders,
    full: (levels[0]?.distinct ?? 0) >= learner.plan.parameters.ownValues,
  };
  const wording = options.wording?.[facet.name] ?? GENERIC_WORDING;
  const context = {
    who,
    column: (name: string) => {
      const c = options.columns.indexOf(name);
      return c < 0 ? undefined : options.text(c, ids[c] as number);
    },
    entityName: options.columns[entity] ?? 'entity',
    of: facet.levels[0]?.map((c) => options.text(c, ids[c] as number)).join(' ') ?? '',
  };
  return {
    ...facts,
    sentence: fill(wording, facts, context, false),
    // Asked for of one facet in many.
    get brief() {
      return fill(wording, facts, context, true);
    },
  };
}

/** More holders than this are not looked at one by one: a value so common needs no such words. */
const MAX_HOLDERS = 1_000;

/** Who ever had the event's value of a column, if a facet asks who does that. */
function holdersOf(
  learner: Learner,
  column: number,
  ids: Int32Array,
  time: number,
  {groups, without}: ExplainOptions,
): Holders | undefined {
  const {facets, entity} = learner.plan;
  const asks = facets.findIndex(
    ({target, levels}) =>
      target === entity && levels[0]?.length === 1 && levels[0][0] === column && column !== entity,
  );
  if (asks < 0) return undefined;
  const {distinct: all, times} = learner.counts(asks, 0, ids, time);
  // The entity itself does not count among the others when it is this event alone.
  const self = without === true && times === 1 ? 1 : 0;
  const distinct = all - self;
  const widest = (facets[asks] as ModelPlan['facets'][number]).levels.length - 1;
  const group = groups?.of(ids[entity] as number) ?? -1;
  if (groups === undefined || group < 0 || distinct > MAX_HOLDERS) {
    const everybody = learner.counts(asks, widest, ids, time).distinct;
    return {holders: distinct, members: everybody, group: 'principals', others: 0};
  }
  const holders =
    learner.values(asks, 0, ids).filter((value) => groups.of(value) === group).length - self;
  return {
    holders,
    members: groups.size(group),
    group: groups.name(group),
    others: distinct - holders,
  };
}

/** Counts as they would be had the value been seen once less. */
function withoutOne(counts: Counts): Counts {
  if (counts.times === 0) return counts;
  const times = counts.times - 1;
  const share = counts.count / counts.times;
  return {
    ...counts,
    total: Math.max(0, counts.total - share),
    totalTimes: counts.totalTimes - 1,
    distinct: times === 0 ? counts.distinct - 1 : counts.distinct,
    count: counts.count - share,
    times,
    // Which of several it was is not known; of one alone nothing is left.
    ...(times === 0 && {firstSeen: Number.NaN, lastSeen: Number.NaN}),
  };
}

function levelName(
  columns: readonly number[],
  target: number,
  entity: number,
  names: readonly string[],
): string {
  if (columns.length === 0) return 'everyone';
  if (target !== entity && columns.length === 1 && columns[0] === entity) return 'self';
  return columns.map((column) => names[column] ?? `column ${column}`).join('+');
}
