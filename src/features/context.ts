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
  /** Sentences for the explanation; see `score/explain.ts` for the placeholders. */
  readonly says?: FacetSentences | undefined;
}

export interface FacetSentences {
  /** The value was never seen in the narrowest history. */
  readonly never: string;
  /** The value was seen there, but seldom. */
  readonly seldom: string;
  /** What the members of the history are called in the plural, as in "3 of 41 users". */
  readonly members?: string | undefined;
}

export interface ContextDeclaration {
  readonly name: string;
  /** The field that names whose behaviour is learnt. */
  readonly entity: string;
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
    for (const field of Object.keys(context.when ?? {})) fields.add(field);
    for (const facet of context.facets) {
      fields.add(facet.of);
      for (const level of facet.given) for (const field of level) fields.add(field);
    }
  }
  return [...fields];
}
