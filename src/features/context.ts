/**
 * A declared context: which facets of an event the model watches. Contexts are data, so that the
 * same engine scores CloudTrail and any other stream of categorical records.
 */

/** One question: is this value of `of` usual for the histories in `given`, own history first? */
export interface FacetDeclaration {
  readonly name: string;
  /** The field whose value is judged. */
  readonly of: string;
  /**
   * Histories from the narrowest to the widest; each is a list of fields whose values together
   * select it, and the empty list is everyone's.
   */
  readonly given: readonly (readonly string[])[];
  /** Factor of this facet's bits in the sum; 1 unless there is a reason. */
  readonly weight: number;
  /** Whether the facet counts towards a campaign of the entity. */
  readonly evidence: boolean;
  /** Sentences for the explanation; without them a generic form is used. */
  readonly says?: FacetSentences | undefined;
}

/**
 * How a facet's finding is put in words. Braces name facts: `who`, `value`, `component`, `entity`
 * (name of the entity's field), `of` (texts of the own history), `times` and `total` (there),
 * `usual`; in `holders` also `holders`, `members`, `group` and `others`.
 */
export interface FacetSentences {
  /** The value was never seen in the narrowest history. */
  readonly first: string;
  /** The value was seen there, but seldom. */
  readonly rare: string;
  /** Added when something is usual there. */
  readonly usual?: string;
  /** Added when it is counted who ever had the value. */
  readonly holders?: {readonly none: string; readonly others: string; readonly some: string};
}

export interface ContextDeclaration {
  readonly name: string;
  /** The field that names whose behaviour is learnt. */
  readonly entity: string;
  /** The field that puts entities into groups, whose members are counted: "3 of 41 users". */
  readonly group?: string | undefined;
  /** Only events in which each of these fields has one of these values belong to the context. */
  readonly when?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly facets: readonly FacetDeclaration[];
  /** Learner settings that differ from the defaults; see `model/plan.ts`. */
  readonly parameters?: Readonly<Record<string, number>> | undefined;
}

/** Every field that the contexts refer to, each once, in order of first mention. */
export function fieldsOf(contexts: readonly ContextDeclaration[]): string[] {
  const fields = new Set<string>();
  for (const context of contexts) {
    fields.add(context.entity);
    if (context.group !== undefined) fields.add(context.group);
    for (const field of Object.keys(context.when ?? {})) fields.add(field);
    for (const facet of context.facets) {
      fields.add(facet.of);
      for (const level of facet.given) for (const field of level) fields.add(field);
    }
  }
  return [...fields];
}
