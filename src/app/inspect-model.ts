import type {ModelPlan} from '../model/plan.ts';
import type {Detector} from './detector.ts';

/** What is normal for a principal in one facet, in one history of its own. */
export interface FacetNormal {
  readonly context: string;
  readonly facet: string;
  /** Field whose values these are. */
  readonly field: string;
  /** What else selects the history, as in "s3"; "" if the principal alone. */
  readonly given: string;
  /** Occurrences, and distinct values among them. */
  readonly times: number;
  readonly distinct: number;
  /** Bits that a value never seen anywhere would get. */
  readonly newBits: number;
  readonly values: readonly {
    readonly value: string;
    /** Part of the decayed occurrences. */
    readonly share: number;
    readonly times: number;
    /** Epoch milliseconds. */
    readonly firstSeen: number;
    readonly lastSeen: number;
  }[];
}

/** Principals that are called so, or, if none is, whose name holds the text. */
export function principalsLike(detector: Detector, wanted: string): string[] {
  const column = detector.columns.indexOf(detector.declarations[0]?.entity ?? '');
  const vocabulary = detector.vocabularies[column];
  if (vocabulary === undefined) return [];
  if (vocabulary.find(wanted) !== undefined) return [wanted];
  const texts = vocabulary.state().filter((text): text is string => text !== null);
  const ending = texts.filter((text) => text.endsWith(`/${wanted}`));
  if (ending.length > 0) return ending.sort();
  const lower = wanted.toLowerCase();
  return texts.filter((text) => text.toLowerCase().includes(lower)).sort();
}

/** What the model holds to be normal for a principal: its commonest values, per facet. */
export function normalOf(detector: Detector, principal: string, top: number): FacetNormal[] {
  return detector.declarations.flatMap((declaration, context) => {
    const scorer = detector.scorer(context);
    const {plan} = scorer;
    const id = detector.vocabularies[plan.entity]?.find(principal);
    if (id === undefined) return [];
    return plan.facets.flatMap((facet, f) => {
      const own = facet.levels[0] ?? [];
      if (!own.includes(plan.entity)) return [];
      const others = own.filter((column) => column !== plan.entity);
      const rows = historiesOf(detector, plan, id, others);
      return rows.flatMap((ids): FacetNormal[] => {
        const normal = inFacet(detector, context, f, ids, top);
        if (normal.distinct === 0) return [];
        const given = others.map((column) => detector.text(column, ids[column] as number));
        return [{context: declaration.name, given: given.join(' '), ...normal}];
      });
    });
  });
}

function inFacet(detector: Detector, context: number, f: number, ids: Int32Array, top: number) {
  const scorer = detector.scorer(context);
  const facet = scorer.plan.facets[f] as ModelPlan['facets'][number];
  const vocabulary = detector.vocabularies[facet.target];
  const unknown = ids.slice();
  unknown[facet.target] = vocabulary?.limit ?? 0;
  const scored = scorer.scored();
  const latest = scorer.latest;
  scorer.judge(unknown, latest, scored);
  const whole = scorer.counts(f, 0, unknown, latest);
  const values = scorer.usual(f, 0, ids, top).map(({value, share}) => {
    const row = ids.slice();
    row[facet.target] = value;
    const {times, firstSeen, lastSeen} = scorer.counts(f, 0, row, latest);
    return {value: detector.text(facet.target, value), share, times, firstSeen, lastSeen};
  });
  return {
    facet: facet.name,
    field: detector.columns[facet.target] as string,
    times: whole.totalTimes,
    distinct: whole.distinct,
    newBits: scored.bits[f] as number,
    values,
  };
}

/** Most combinations of values that further histories are looked for under. */
const MAX_HISTORIES = 20_000;

/** Rows of ids for every history of the entity that also depends on `others`. */
function historiesOf(
  detector: Detector,
  plan: ModelPlan,
  entity: number,
  others: readonly number[],
): Int32Array[] {
  let rows = [new Int32Array(plan.columnCount)];
  (rows[0] as Int32Array)[plan.entity] = entity;
  for (const column of others) {
    const ids = idsOf(detector, column).slice(0, Math.floor(MAX_HISTORIES / rows.length));
    rows = rows.flatMap((row) =>
      ids.map((id) => {
        const copy = row.slice();
        copy[column] = id;
        return copy;
      }),
    );
  }
  return rows;
}

/** Ids of a column that stand for something. */
function idsOf(detector: Detector, column: number): number[] {
  const texts = detector.vocabularies[column]?.state() ?? [];
  return texts.flatMap((text, id) => (text === null ? [] : [id]));
}
