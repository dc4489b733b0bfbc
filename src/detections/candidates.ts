import type {Components} from '../event/fields.ts';
import type {Entry} from './entry.ts';

/** Distinct operations whose candidates are remembered; then all are forgotten and found anew. */
const MAX_OPERATIONS = 20_000;
/** The same for distinct callers. */
const MAX_CALLERS = 50_000;

/** Components that `needs` ask for. One that is left out is taken for one that somebody wants to see. */
export type Asked = Partial<Components> & Pick<Components, 'operation' | 'kind' | 'error'>;

/** Finds the detections that an event may concern, by its operation, kind, error and caller. */
export class Candidates {
  readonly #entries: readonly Entry[];
  /** By operation, and by kind and whether the call failed. */
  readonly #usual = new Map<string, Map<string, readonly Entry[]>>();
  /** Entries that want to see all of a caller, by kind and principal. */
  readonly #callers = new Map<string, Map<string, readonly Entry[]>>();
  #callersKnown = 0;
  readonly #asksCallers: boolean;

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
    this.#asksCallers = entries.some(({evaluator}) => evaluator.needs.orCaller !== undefined);
  }

  /**
   * In the order of their declaration; whatever else they need is for `Entry.mayWant` to tell.
   * @param origin whom the caller's roles go back to; undefined if to nobody else
   */
  of(asked: Asked, origin: string | undefined): readonly Entry[] {
    const usual = this.#byOperation(asked);
    if (!this.#asksCallers) return usual;
    const {principal, kind} = asked;
    const own = this.#byCaller(principal, kind);
    const behind = origin === undefined || origin === principal ? [] : this.#byCaller(origin, '');
    if (own.length === 0 && behind.length === 0) return usual;
    const any = new Set([...usual, ...own, ...behind]);
    return this.#entries.filter((entry) => any.has(entry));
  }

  #byCaller(principal: string | undefined, kind: string): readonly Entry[] {
    let ofKind = this.#callers.get(kind);
    if (ofKind === undefined || this.#callersKnown >= MAX_CALLERS) {
      if (this.#callersKnown >= MAX_CALLERS) {
        this.#callers.clear();
        this.#callersKnown = 0;
      }
      ofKind = new Map();
      this.#callers.set(kind, ofKind);
    }
    const name = principal ?? '';
    let known = ofKind.get(name);
    if (known === undefined) {
      known = this.#entries.filter(({evaluator: {needs}}) => {
        if (needs.orCaller === undefined) return false;
        return principal === undefined || needs.orCaller(principal, kind);
      });
      ofKind.set(name, known);
      this.#callersKnown++;
    }
    return known;
  }

  #byOperation({operation, kind, error}: Asked): readonly Entry[] {
    let known = this.#usual.get(operation);
    if (known === undefined) {
      if (this.#usual.size >= MAX_OPERATIONS) this.#usual.clear();
      known = new Map();
      this.#usual.set(operation, known);
    }
    const key = error === '-' ? kind : `!${kind}`;
    let found = known.get(key);
    if (found === undefined) {
      found = this.#entries.filter(({evaluator: {needs}}) => {
        if (needs.failed === true && error === '-') return false;
        if (needs.kinds !== undefined && !needs.kinds.has(kind)) return false;
        if (needs.components?.get('kind')?.(kind) === false) return false;
        if (error === '-' && needs.components?.get('error')?.(error) === false) return false;
        return needs.operation === undefined || needs.operation(operation);
      });
      known.set(key, found);
    }
    return found;
  }
}
