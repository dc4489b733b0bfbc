import type {FacetExplanation} from './explain.ts';

/**
 * How a facet's finding is put in words. Braces name facts: `who`, `value`, `component`, `entity`
 * (name of the entity's column), `of` (texts of the own context), `times` and `total` (at the own
 * level), `usual`, `holders`.
 */
export interface FacetWording {
  /** The value was never seen at the own level. */
  readonly first: string;
  /** It was, but seldom. */
  readonly rare: string;
  /** Added when something is usual; needs `usual`. */
  readonly usual?: string;
  /** Added when it is counted who ever had the value; one form for one, and for several. */
  readonly holders?: {readonly none: string; readonly one: string; readonly many: string};
}

/** For any facet of any log. */
export const GENERIC_WORDING: FacetWording = {
  first: '{entity}={who} has never had {component}={value}',
  rare: '{entity}={who} seldom has {component}={value} ({times} of {total} times)',
  usual: 'usual: {usual}',
};

/** For the facets of the CloudTrail profile. */
export const CLOUDTRAIL_WORDING: Readonly<Record<string, FacetWording>> = {
  operation: {
    first: '{who} has never called {value}',
    rare: '{who} seldom calls {value} ({times} of {total} calls)',
    holders: {
      none: 'nobody has',
      one: 'one other principal has',
      many: '{holders} other principals have',
    },
  },
  network: {
    first: '{who} comes from {value} for the first time',
    rare: '{who} seldom comes from {value} ({times} of {total} times)',
    usual: 'usual: {usual}',
  },
  userAgent: {
    first: '{who} uses {value} for the first time',
    rare: '{who} seldom uses {value} ({times} of {total} times)',
    usual: 'usual: {usual}',
  },
  region: {
    first: '{who} has never been active in {value}',
    rare: '{who} is seldom active in {value} ({times} of {total} times)',
    usual: 'usual: {usual}',
  },
  time: {
    first: '{who} has never been active at this time of the week ({value})',
    rare: '{who} is seldom active at this time of the week ({value}; {times} of {total} times)',
    usual: 'usual: {usual}',
  },
  error: {
    first: '{who} has never met the outcome {value}',
    rare: '{who} seldom meets the outcome {value} ({times} of {total} times)',
    usual: 'usual: {usual}',
  },
  resource: {
    first: '{who} has never used {value} there',
    rare: '{who} seldom uses {value} there ({times} of {total} times)',
    usual: 'usual: {usual}',
  },
  actorForOperation: {
    first: '{who} has never been among those who call {of}',
    rare: '{who} is seldom among those who call {of} ({times} of {total} calls)',
    usual: 'usual: {usual}',
  },
};

export interface WordingContext {
  readonly who: string;
  readonly entityName: string;
  readonly of: string;
}

/** The sentence for one facet. */
export function fill(
  wording: FacetWording,
  facts: Omit<FacetExplanation, 'sentence'>,
  {who, entityName, of}: WordingContext,
): string {
  const own = facts.levels[0];
  const first = own === undefined || own.times === 0;
  const others = facts.holders;
  const values: Readonly<Record<string, string>> = {
    who,
    of,
    entity: entityName,
    value: facts.value,
    component: facts.component,
    times: String(own?.times ?? 0),
    total: String(own?.totalTimes ?? 0),
    holders: String(others ?? 0),
    usual: facts.usual.map(({value, share}) => `${value} (${percent(share)})`).join(', '),
  };
  const parts = [first ? wording.first : wording.rare];
  if (first && others !== undefined && wording.holders !== undefined) {
    const {none, one, many} = wording.holders;
    parts.push(others === 0 ? none : others === 1 ? one : many);
  }
  if (wording.usual !== undefined && facts.usual.length > 0) parts.push(wording.usual);
  const put = (_: string, name: string) => values[name] ?? '';
  return parts.map((part) => part.replace(/\{(\w+)\}/g, put)).join('; ');
}

function percent(share: number): string {
  const whole = Math.round(share * 100);
  return whole === 0 ? 'under 1 %' : `${whole} %`;
}
