import type {Detection} from '../../detections/detection.ts';
import type {Json} from '../../detections/json.ts';
import {type Coverage, coverageOf, type Place} from '../../detections/trap/coverage.ts';
import {drillRecord} from '../../detections/trap/drill.ts';
import {trapOfDetection} from '../../detections/trap/kind.ts';

/** A decoy as people see it. */
export interface TrapFacts {
  readonly decoy: {
    readonly kind: string;
    readonly name: string;
    readonly accounts: readonly string[];
  };
  readonly coverage: Coverage;
  readonly allowed: readonly {
    readonly who: string;
    readonly owner: string;
    readonly reason: string;
  }[];
  /** What somebody would leave in the trail who touches it. */
  drill(
    event: {readonly time: number; readonly eventId: string; readonly version: string} & Place,
  ): Record<string, Json>;
}

/** What is to be said of a trap; undefined of another kind of detection. */
export function readTrap(detection: Detection): TrapFacts | undefined {
  const trap = trapOfDetection(detection);
  if (trap === undefined) return undefined;
  const {decoy, accounts, allow} = trap;
  return {
    decoy: {kind: decoy.kind, name: nameOf(decoy), accounts},
    coverage: coverageOf(trap),
    allowed: allow.map(({principal, user_agent, condition, owner, reason}) => ({
      who: principal ?? user_agent ?? condition ?? '',
      owner,
      reason,
    })),
    drill: (event) => drillRecord(trap, event),
  };
}

/** A place as AWS has it: regions of their own are partitions of their own. */
export function placeOf({
  account,
  region,
}: {
  readonly account?: string | undefined;
  readonly region?: string | undefined;
}): Place {
  const partition = region?.startsWith('cn-')
    ? 'aws-cn'
    : region?.startsWith('us-gov-')
      ? 'aws-us-gov'
      : undefined;
  return {
    ...(account === undefined ? {} : {account}),
    ...(region === undefined ? {} : {region}),
    ...(partition === undefined ? {} : {partition}),
  };
}

/** Of objects with the bucket that they lie in. */
function nameOf({
  name,
  key,
  prefix,
}: {
  readonly name: string;
  readonly key?: string;
  readonly prefix?: string;
}): string {
  if (key !== undefined) return `${name}/${key}`;
  return prefix === undefined ? name : `${name}/${prefix}*`;
}
