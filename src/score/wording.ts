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
  const fact = (name: string): string | undefined => {
    switch (name) {
      case 'who':
        return who;
      case 'of':
        return of;
      case 'entity':
        return entityName;
      case 'value':
        return shortened(facts.value);
      case 'component':
        return facts.component;
      case 'times':
        return String(own?.times ?? 0);
      case 'total':
        return String(own?.totalTimes ?? 0);
      case 'holders':
        return String(held?.holders ?? 0);
      case 'members':
        return String(held?.members ?? 0);
      case 'have':
        return held?.holders === 1 ? 'has' : 'have';
      case 'group':
        return held?.group ?? '';
      case 'others':
        return String(held?.others ?? 0);
      case 'usual':
        return facts.usual
          .slice(0, 2)
          .map(({value, share}) => `${shortened(value)} (${percent(share)})`)
          .join(', ');
      default:
        return column(name);
    }
  };
  // A full history has let go of what was seen least: "never" may mean "not for long".
  let text = put(first ? wording.first : wording.rare, fact);
  if (first && facts.full) text += ', as far as is remembered';
  if (!brief) {
    if (first && held !== undefined && wording.holders !== undefined) {
      const {none, others, some} = wording.holders;
      text += `; ${put(held.holders > 0 ? some : held.others > 0 ? others : none, fact)}`;
    }
    if (wording.usual !== undefined && facts.usual.length > 0) {
      text += `; ${put(wording.usual, fact)}`;
    }
  }
  // A clause that follows another about the same one need not name it again.
  return brief && text.startsWith(`${who} `) ? text.slice(who.length + 1) : text;
}

/** Fills the braces of a template. */
function put(template: string, fact: (name: string) => string | undefined): string {
  let parts = TEMPLATES.get(template);
  if (parts === undefined) {
    // Texts and names in turn.
    parts = template.split(/\{(\w+)\}/);
    TEMPLATES.set(template, parts);
  }
  let text = parts[0] as string;
  for (let i = 1; i < parts.length; i += 2) {
    text += (fact(parts[i] as string) ?? '') + (parts[i + 1] as string);
  }
  return text;
}

/** As many as contexts were declared with. */
const TEMPLATES = new Map<string, readonly string[]>();

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
