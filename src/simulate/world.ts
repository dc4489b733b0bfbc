import type {Org} from './org.ts';
import type {Person} from './people.ts';
import type {Robot} from './robots.ts';

/** Everybody and everything that is simulated. */
export interface World {
  readonly org: Org;
  readonly people: Person[];
  readonly robots: Robot[];
  readonly raul: Person;
  /** Names of people in use. */
  readonly taken: Set<string>;
  /** First midnight of the simulation. */
  readonly begin: number;
  readonly days: number;
}
