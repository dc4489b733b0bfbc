import type {Exclusion} from '../detection.ts';
import type {Json} from '../json.ts';

export type AllowCondition =
  | {readonly ok: true; readonly holds: Exclusion['holds']}
  | {
      readonly ok: false;
      readonly faults: readonly {readonly index: number; readonly message: string}[];
    };

/** A condition of an allow list. */
export function compileAllowCondition(
  _condition: string,
  _parameters: Readonly<Record<string, Json>>,
): AllowCondition {
  return {ok: false, faults: [{index: 0, message: 'Conditions are not in this build'}]};
}
