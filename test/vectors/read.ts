import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {FacetPlan, ModelPlan} from '../../src/model/plan.ts';
import {REFERENCE_PARAMETERS} from '../../src/model/plan.ts';

/** Columns of the reference vectors, in the order of `vectorIds`. */
export const VECTOR_COLUMNS = [
  'identity',
  'idType',
  'peer',
  'account',
  'network',
  'ua',
  'service',
  'op',
  'region',
  'error',
  'resource',
  'hour',
] as const;

export interface Vector {
  readonly event: Readonly<Record<string, string | number>>;
  readonly bits: Readonly<Record<string, number>>;
  readonly knownAtLevel: Readonly<Record<string, number>>;
  readonly S: number;
  readonly A: number;
  readonly R: number;
  readonly p: number;
}

/** What the reference implementation gave for a stream of events, before learning each. */
export function referenceVectors(): readonly Vector[] {
  const text = readFileSync(join(import.meta.dirname, 'fbn-reference.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Vector);
}

function facet(name: string, target: string, levels: readonly string[], own = {}): FacetPlan {
  const column = (of: string) => VECTOR_COLUMNS.indexOf(of as (typeof VECTOR_COLUMNS)[number]);
  const columns = levels.map((level) => level.split('+').filter(Boolean).map(column));
  return {name, target: column(target), levels: columns, weight: 1, evidence: true, ...own};
}

/** The CloudTrail profile over the columns of the vectors. */
export const VECTOR_PLAN: ModelPlan = {
  columnCount: VECTOR_COLUMNS.length,
  entity: 0,
  facets: [
    facet('operation', 'op', ['identity', 'peer', 'idType', '']),
    facet('network', 'network', ['identity', 'peer', 'idType', '']),
    facet('userAgent', 'ua', ['identity', 'peer', 'idType', '']),
    facet('region', 'region', ['identity', 'account', '']),
    facet('time', 'hour', ['identity', 'peer', '']),
    facet('error', 'error', ['identity', 'idType', '']),
    facet('resource', 'resource', ['identity+service', 'peer+service', 'service', '']),
    facet('actorForOperation', 'identity', ['op', 'service', ''], {weight: 0.5, evidence: false}),
  ],
  parameters: REFERENCE_PARAMETERS,
};

/** Turns rows of strings into rows of ids, one vocabulary a column. */
export class Numbering {
  readonly #columns = VECTOR_COLUMNS.map(() => new Map<string, number>());

  ids(event: Readonly<Record<string, string | number>>): Int32Array {
    return Int32Array.from(VECTOR_COLUMNS, (name, column) => {
      const texts = this.#columns[column]!;
      const text = String(event[name]);
      const id = texts.get(text) ?? texts.size;
      texts.set(text, id);
      return id;
    });
  }
}
