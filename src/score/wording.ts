import type {FacetExplanation} from './explain.ts';

/**
 * How a facet's finding is put in words. Braces name facts: `who`, `value`, `component`, `entity`
 * (name of the entity's column), `of` (texts of the own context), `times` and `total` (at the own
 * level), `usual`, `holders`.
 */
export interface FacetWording {
  /** The value was never seen at the own level. Braces may also name any column of the event. */
  readonly first: string;
  /** It was, but seldom. */
  readonly rare: string;
  /** Added when something is usual; needs `usual`. */
  readonly usual?: string;
  /**
   * Added when it is counted who ever had the value: nobody, nobody of the entity's own group, or
   * some of it. Braces: `holders` and `members` of the group, `group` (its name in the plural),
   * `have` (or "has"), `others` who are not of it.
   */
  readonly holders?: {readonly none: string; readonly others: string; readonly some: string};
}

/** For any facet of any log. */
export const GENERIC_WORDING: FacetWording = {
  first: '{entity}={who} has never had {component}={value}',
  rare: '{entity}={who} seldom has {component}={value} ({times} of {total} times)',
  usual: 'usual: {usual}',
};

export interface WordingContext {
  /** Text of any other column, by its name; undefined if there is none. */
  readonly column: (name: string) => string | undefined;
  readonly who: string;
  readonly entityName: string;
  readonly of: string;
}

/** Who else ever had a value. */
export interface Holders {
  /** Of the entity's own group, which has so many members; the entity itself is one of them. */
  readonly holders: number;
  readonly members: number;
  /** Name of the group, in the plural. */
  readonly group: string;
  /** Of other groups. */
  readonly others: number;
}

/** The sentence for one facet; `brief` leaves out what is usual and who else does it. */
export function fill(
  wording: FacetWording,
  facts: Omit<FacetExplanation, 'sentence' | 'brief'>,
  {who, entityName, of, column}: WordingContext,
  brief: boolean,
): string {
  const own = facts.levels[0];
  const first = own === undefined || own.times === 0;
  const held = facts.holders;
  const values: Readonly<Record<string, string>> = {
    who,
    of,
    entity: entityName,
    value: shortened(facts.value),
    component: facts.component,
    times: String(own?.times ?? 0),
    total: String(own?.totalTimes ?? 0),
    holders: String(held?.holders ?? 0),
    members: String(held?.members ?? 0),
    have: held?.holders === 1 ? 'has' : 'have',
    group: held?.group ?? '',
    others: String(held?.others ?? 0),
    usual: facts.usual
      .slice(0, 2)
      .map(({value, share}) => `${shortened(value)} (${percent(share)})`)
      .join(', '),
  };
  // A full history has let go of what was seen least: "never" may mean "not for long".
  const never = facts.full ? `${wording.first}, as far as is remembered` : wording.first;
  const parts = [first ? never : wording.rare];
  if (!brief) {
    if (first && held !== undefined && wording.holders !== undefined) {
      const {none, others, some} = wording.holders;
      parts.push(held.holders > 0 ? some : held.others > 0 ? others : none);
    }
    if (wording.usual !== undefined && facts.usual.length > 0) parts.push(wording.usual);
  }
  const put = (_: string, name: string) => values[name] ?? column(name) ?? '';
  const text = parts.map((part) => part.replace(/\{(\w+)\}/g, put)).join('; ');
  // A clause that follows another about the same one need not name it again.
  return brief && text.startsWith(`${who} `) ? text.slice(who.length + 1) : text;
}

const LONGEST = 72;

/** A long value loses its middle: names differ at their ends. */
function shortened(value: string): string {
  if (value.length <= LONGEST) return value;
  return `${value.slice(0, LONGEST / 2)}…${value.slice(-LONGEST / 2 + 1)}`;
}

function percent(share: number): string {
  const whole = Math.round(share * 100);
  return whole === 0 ? 'under 1 %' : `${whole} %`;
}
