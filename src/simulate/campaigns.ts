import {assert} from '../base/assert.ts';
import type {Random} from '../base/random.ts';
import type {Call} from './call.ts';
import {type Scenario, ScenarioContext} from './scenario.ts';
import * as intrusions from './scenarios/intrusions.ts';
import * as questions from './scenarios/questions.ts';
import {raul} from './scenarios/raul.ts';
import * as traps from './scenarios/traps.ts';
import type {World} from './world.ts';

/** Every attack that can be mixed in. */
export const SCENARIOS = {
  raul,
  'unexpected-run-instances': questions.unexpectedRunInstances,
  'discovery-burst': questions.discoveryBurst,
  'snapshot-share': questions.snapshotShare,
  'failed-calls': questions.failedCalls,
  'bucket-enumeration': questions.bucketEnumeration,
  'canary-login': traps.canaryLogin,
  'canary-role': traps.canaryRole,
  'honeypot-table': traps.honeypotTable,
  'honeypot-bucket': traps.honeypotBucket,
  'stolen-role': intrusions.stolenRole,
  'privilege-escalation': intrusions.privilegeEscalation,
  persistence: intrusions.persistence,
  'defense-evasion': intrusions.defenseEvasion,
  'credential-probing': intrusions.credentialProbing,
  'slow-recon': intrusions.slowRecon,
  'insider-exfiltration': intrusions.insiderExfiltration,
  'crypto-mining': intrusions.cryptoMining,
  'secrets-theft': intrusions.secretsTheft,
  'ransom-s3': intrusions.ransomS3,
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof SCENARIOS;

export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[];

const DAY = 86_400_000;

/**
 * The calls of all campaigns, labelled and in no order. `raul` falls on the last
 * working day, so that it is not the weekend that gives him away; the other campaigns are spread over the days after the first week, or the first third of a
 * shorter simulation.
 */
export function planCampaigns(
  random: Random,
  world: World,
  scenarios: readonly ScenarioName[] | undefined,
  campaigns: number | undefined,
): Call[] {
  const {days, begin} = world;
  const calls: Call[] = [];
  const names = scenarios ?? SCENARIO_NAMES;
  if (names.length === 0) return calls;
  if (names.includes('raul') && scenarios !== undefined) {
    assert(days >= 3, `the scenario "raul" needs at least 3 days, not ${days}`);
  }
  const first = days >= 14 ? 7 : Math.ceil(days / 3);
  const last = days - 1;
  if (last < first) return calls;
  const count =
    campaigns ?? (scenarios === undefined ? Math.round((days - first) / 1.5) : scenarios.length);
  const order: ScenarioName[] = [];
  // Raul's story is told once; a second theft of the same keys would not be new.
  const others = names.filter((name) => name !== 'raul');
  if (names.includes('raul')) order.push('raul');
  while (order.length < count && others.length > 0) order.push(...random.shuffle([...others]));
  order.length = Math.min(order.length, Math.max(count, 1));
  order.forEach((scenario, i) => {
    const day =
      scenario === 'raul'
        ? lastWorkingDay(begin, last)
        : first + Math.floor(((i + random.next() * 0.9) * (last - first + 1)) / (order.length + 1));
    const context = new ScenarioContext({
      world,
      random: random.fork(`${scenario}/${i}`),
      campaign: `${scenario}-${i + 1}`,
      scenario,
      day: begin + Math.min(day, last) * DAY,
      calls,
    });
    SCENARIOS[scenario](context);
  });
  return calls;
}

/** The last day that is no Saturday or Sunday, if there is one after the first two days. */
function lastWorkingDay(begin: number, last: number): number {
  for (let day = last; day >= 2; day--) {
    const weekday = new Date(begin + day * DAY).getUTCDay();
    if (weekday !== 0 && weekday !== 6) return day;
  }
  return last;
}
