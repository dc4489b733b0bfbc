import {assert} from '../base/assert.ts';

/** Numbers of the model; see docs/model.md for the evidence behind the defaults. */
export interface ModelParameters {
  /** Part of a count given up to values never seen, per distinct value (Pitman–Yor's d). */
  readonly discount: number;
  /** Occurrences' worth of belief in the wider history (Pitman–Yor's θ). */
  readonly strength: number;
  /** After so many days an occurrence counts half. */
  readonly halfLifeDays: number;
  /** Bits of one facet never count for more than this. */
  readonly saturation: number;
  /** Most distinct values remembered in one context that holds the entity, or any other column. */
  readonly ownValues: number;
  readonly sharedValues: number;
  /** Most contexts of one kind (column tuple); the longest unseen leave first. */
  readonly contexts: number;
  /**
   * Bytes of counts beyond which a sixteenth of all contexts leaves, the longest unseen.
   *
   * A context takes 128 bytes for each facet that asks it, and a table of values for each: 48 bytes
   * for two values, up to 6 KiB for 128 (`ownValues`), 3 MiB for 65,536 (`sharedValues`). In the
   * shipped contexts a principal has six facets, so 1 to 37 KiB; a principal with a service one.
   * Over 400,000 events of 20,000 principals the mean of 345,000 contexts is 1 KB, free room
   * included: `contexts` is then the bound, at about 1 GB for 500,000 of both. Against streams with
   * larger tables this one holds: the buffer, which grows by half, has at most 1.5 · 1.25 GiB, and
   * the model of one declaration stays below about 2 GB.
   */
  readonly bytes: number;

  /** Evidence of an entity leaks away with this half-life. */
  readonly evidenceHalfLifeHours: number;
  /** The same component is credited to an entity only once in this time. */
  readonly creditHours: number;
  /** Bits of a facet below which it is no evidence, and excess below which a credit is not raised. */
  readonly evidenceBits: number;
  readonly evidenceExcess: number;
  /** Evidence of one event that is still ordinary. */
  readonly evidenceFloor: number;
  /** Part of a credited value's bits that later events with it keep, and how soon that halves. */
  readonly carryWeight: number;
  readonly carryHalfLifeHours: number;
  /** What is carried lifts no event above this multiple of the entity's highest S of late. */
  readonly carryCeiling: number;
  /** ε of the maturity relative to others; 0 takes the entity's own as it is. */
  readonly maturityFloor: number;
  /** R = S + weight · maturity · limit·(1 − e^(−A/limit)) · min(1, S/gate). */
  readonly boostWeight: number;
  readonly boostLimit: number;
  readonly boostGate: number;
  /** Most components remembered as credited per entity. */
  readonly credits: number;
}

export const DEFAULT_PARAMETERS: ModelParameters = {
  discount: 0.3,
  strength: 0.5,
  halfLifeDays: 90,
  saturation: 10,
  ownValues: 128,
  sharedValues: 65_536,
  contexts: 500_000,
  bytes: 1.25 * 2 ** 30,
  evidenceHalfLifeHours: 6,
  creditHours: 24,
  evidenceBits: 2,
  evidenceExcess: 1,
  evidenceFloor: 6,
  carryWeight: 1,
  carryHalfLifeHours: 6,
  carryCeiling: 1.25,
  maturityFloor: 0.02,
  boostWeight: 0.3,
  boostLimit: 40,
  boostGate: 12,
  credits: 256,
};

/** The design that `test/vectors` were made with: no carried bits, maturity by days alone. */
export const REFERENCE_PARAMETERS: ModelParameters = {
  ...DEFAULT_PARAMETERS,
  carryWeight: 0,
  maturityFloor: 0,
};

/** One question: is the target's value usual, given ever wider contexts? */
export interface FacetPlan {
  readonly name: string;
  /** Column of the value judged. */
  readonly target: number;
  /** Columns of each context, from the entity's own to the widest; `[]` is everyone. */
  readonly levels: readonly (readonly number[])[];
  readonly weight: number;
  /** Whether the facet's bits are evidence for a campaign of the entity. */
  readonly evidence: boolean;
}

export interface ModelPlan {
  readonly columnCount: number;
  /** Column of the one whose behaviour is judged. */
  readonly entity: number;
  readonly facets: readonly FacetPlan[];
  readonly parameters: ModelParameters;
}

/** Most levels of one facet. */
export const MAX_LEVELS = 16;

/** Stops on a plan that no caller should have built; configuration is checked before. */
export function assertPlan(plan: ModelPlan): void {
  const column = (id: number) =>
    assert(Number.isInteger(id) && id >= 0 && id < plan.columnCount, `no such column: ${id}`);
  assert(plan.facets.length > 0 && plan.facets.length <= 64, 'a plan has 1 to 64 facets');
  column(plan.entity);
  for (const {name, target, levels, weight} of plan.facets) {
    column(target);
    assert(levels.length > 0 && levels.length <= MAX_LEVELS, `facet ${name}: bad number of levels`);
    for (const level of levels) level.forEach(column);
    assert(weight >= 0 && Number.isFinite(weight), `facet ${name}: weight is ${weight}`);
  }
  const p = plan.parameters;
  assert(p.discount >= 0 && p.discount < 1, `discount is ${p.discount}`);
  assert(p.strength > 0, `strength is ${p.strength}`);
  assert(p.halfLifeDays > 0, `half-life is ${p.halfLifeDays}`);
  assert(p.ownValues >= 2 && p.sharedValues >= 2, 'a context must remember two values at least');
  assert(p.contexts >= 16, 'at least 16 contexts must fit');
  // The buffer grows by half; what is free within it comes on top.
  assert(p.bytes >= 2 ** 16 && p.bytes <= 2 ** 32, `bytes are ${p.bytes}`);
}
