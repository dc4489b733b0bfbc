import type {Store} from '../pipeline/store.ts';

/** The dear questions of the pages. */
export type Reads = Pick<Store, 'observations' | 'plot' | 'timeline' | 'principals' | 'values'>;

/**
 * The same question, asked again while it is being answered, gets the same answer: a hundred people
 * at the same page cost the store one query at a time. An answer is at most as old as it took.
 */
export function sharedReads(store: Reads): Reads {
  const running = new Map<string, Promise<unknown>>();
  const share = (name: string, args: readonly unknown[], ask: () => Promise<unknown>) => {
    const key = JSON.stringify([name, ...args]);
    let answer = running.get(key);
    if (answer === undefined) {
      answer = ask().finally(() => running.delete(key));
      running.set(key, answer);
    }
    return answer as Promise<never>;
  };
  return {
    observations: (...args) => share('observations', args, () => store.observations(...args)),
    plot: (...args) => share('plot', args, () => store.plot(...args)),
    timeline: (...args) => share('timeline', args, () => store.timeline(...args)),
    principals: (...args) => share('principals', args, () => store.principals(...args)),
    values: (...args) => share('values', args, () => store.values(...args)),
  };
}
