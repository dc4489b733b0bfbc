import type {TruthEntry} from '../src/app/truth.ts';
import {eventOfRecord, prepareDerivation} from '../src/event/derive.ts';
import {parseEventTime} from '../src/event/event-time.ts';
import {simulate} from '../src/simulate/simulate.ts';
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
  /** How many attacks; the simulator's own number if absent. */
  readonly campaigns?: number | undefined;
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

export function loadProject(): Project {
  const derivation = prepareDerivation();
  return {
    simulate({seed, days, eventsPerDay, attacks, campaigns}) {
      const truth = new Map<string, TruthEntry>();
      const options = {seed, days, eventsPerDay, campaigns, ...(attacks ? {} : {scenarios: []})};
      const files = function* () {
        for (const file of simulate(options)) {
          for (const {eventId, campaign, scenario, ignore} of file.truth) {
            truth.set(eventId, ignore === true ? {ignore} : {campaign, scenario});
          }
          yield {records: file.records as readonly RawRecord[]};
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
