import {SCENARIO_NAMES, type ScenarioName} from '../app/simulate-to-folder.ts';
import {AppError} from '../base/errors.ts';

/** Scenarios by name; undefined for all of them, empty for none. */
export function scenariosOf(
  names: readonly string[] | undefined,
): readonly ScenarioName[] | undefined {
  if (names === undefined || names.includes('all')) return undefined;
  if (names.includes('none')) return [];
  return names.map((name) => {
    const known = SCENARIO_NAMES.find((each) => each === name);
    if (known === undefined) {
      const all = ['all', 'none', ...SCENARIO_NAMES].join(', ');
      throw new AppError('usage', `There is no scenario "${name}"; there are ${all}`);
    }
    return known;
  });
}

export function scenarioNames(): readonly string[] {
  return SCENARIO_NAMES;
}
