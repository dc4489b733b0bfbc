import {configureGlobal} from 'fast-check';

// A property is tried on the same values each time, so that a change is answered for by its own
// faults alone; `PROPERTY_SEED=random` looks for new ones, and prints the seed that finds one.
const SEED = process.env.PROPERTY_SEED ?? '1';

if (SEED !== 'random') {
  const seed = Number(SEED);
  if (!Number.isInteger(seed))
    throw new Error(`PROPERTY_SEED is "${SEED}": a whole number, or random`);
  configureGlobal({seed});
}
