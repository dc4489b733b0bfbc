import type {TruthEntry} from '../src/app/truth.ts';
import {eventOfRecord, prepareDerivation} from '../src/event/derive.ts';
import {parseEventTime} from '../src/event/event-time.ts';
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

// What the simulator is taken to export; this file alone knows its shape.
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

const SIMULATE_MODULE = '../src/simulate/simulate.ts';

export async function loadProject(): Promise<Project> {
  // Real records can be judged without the simulator, so that its absence is told only on use.
  const simulator: SimulateModule | {cause: unknown} = await import(SIMULATE_MODULE).catch(
    (cause: unknown) => ({cause}),
  );
  const derivation = prepareDerivation();
  return {
    simulate({seed, days, eventsPerDay, attacks}) {
      if ('cause' in simulator) {
        throw new Error(`Cannot import ${SIMULATE_MODULE}`, {cause: simulator.cause});
      }
      const {simulate} = simulator;
      const truth = new Map<string, TruthEntry>();
      const options = {seed, days, eventsPerDay, ...(attacks ? {} : {scenarios: []})};
      const files = function* () {
        for (const file of simulate(options)) {
          for (const {eventId, campaign, scenario, ignore} of file.truth) {
            truth.set(eventId, ignore === true ? {ignore} : {campaign, scenario});
          }
          yield file;
        }
      };
      return {files: files(), truth: () => truth};
    },
    derive(record) {
      const {eventID, eventTime} = record;
      const timeMs = typeof eventTime === 'string' ? parseEventTime(eventTime) : undefined;
      if (timeMs === undefined) return undefined;
      const components = eventOfRecord(record, timeMs, derivation);
      return {eventId: typeof eventID === 'string' ? eventID : '', timeMs, components};
    },
  };
}
