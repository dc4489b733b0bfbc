import type {TruthEntry} from '../src/app/truth.ts';
import type {Components} from './method.ts';

/** A CloudTrail record as parsed. */
export interface RawRecord {
  readonly [key: string]: unknown;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly days: number;
  readonly eventsPerDay: number;
  readonly attacks: boolean;
}

export interface SimulatedStream {
  /** To be read once, to the end. */
  readonly files: Iterable<{readonly records: readonly RawRecord[]}>;
  /** Complete once all files have been read. */
  truth(): ReadonlyMap<string, TruthEntry>;
}

export interface DerivedEvent {
  /** Empty when the record has none. */
  readonly eventId: string;
  readonly timeMs: number;
  readonly components: Components;
}

/** The parts of the project that data sets are made with. */
export interface Project {
  simulate(options: SimulationOptions): SimulatedStream;
  /** Undefined for a record that is no event. */
  derive(record: RawRecord): DerivedEvent | undefined;
}

// What the two modules are taken to export. This file alone knows their shapes; should they
// differ, it is the one to change, and the imports can then be made static.
interface SimulateModule {
  simulate(options: {
    seed: number;
    days: number;
    eventsPerDay: number;
    /** All by default, none for an empty list. */
    scenarios?: readonly never[];
  }): Iterable<{
    readonly records: readonly RawRecord[];
    readonly truth: readonly {
      readonly eventId: string;
      readonly campaign: string;
      readonly scenario: string;
      readonly ignore?: true;
    }[];
  }>;
}

interface DeriveModule {
  eventOfRecord(
    record: RawRecord,
  ):
    | {readonly eventId: string; readonly timeMs: number; readonly components: Components}
    | undefined;
}

const SIMULATE_MODULE = '../src/simulate/simulate.ts';
const DERIVE_MODULE = '../src/event/derive.ts';

export async function loadProject(): Promise<Project> {
  const simulator: SimulateModule = await import(SIMULATE_MODULE);
  const deriver: DeriveModule = await import(DERIVE_MODULE);
  return {
    simulate({seed, days, eventsPerDay, attacks}) {
      const truth = new Map<string, TruthEntry>();
      const options = {seed, days, eventsPerDay, ...(attacks ? {} : {scenarios: []})};
      const files = function* () {
        for (const file of simulator.simulate(options)) {
          for (const {eventId, campaign, scenario, ignore} of file.truth) {
            truth.set(eventId, ignore === true ? {ignore} : {campaign, scenario});
          }
          yield file;
        }
      };
      return {files: files(), truth: () => truth};
    },
    derive: (record) => deriver.eventOfRecord(record),
  };
}
