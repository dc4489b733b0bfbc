import {AppError} from '../base/errors.ts';
import type {Detection} from '../detections/detection.ts';
import {
  type Coverage,
  coverageNotes,
  coverageOf,
  type Evidence,
  type Place,
  type SeenEvents,
  touchingCalls,
} from '../detections/trap/coverage.ts';
import {decoyText, type Trap} from '../detections/trap/decoy.ts';
import {drillRecord} from '../detections/trap/drill.ts';
import {trapOfDetection} from '../detections/trap/kind.ts';
import {SeenCounter} from '../detections/trap/seen.ts';
import type {TrailSelectors} from '../detections/trap/selectors.ts';
import {allowText} from '../detections/trap/trap.ts';
import {listTrail, readDecompressed} from '../sources/files.ts';
import {readTrailSettings} from '../sources/trail-selectors.ts';

export {type NamedTrap, type TerraformFile, terraformOf} from '../detections/trap/terraform.ts';
export type {Coverage, Evidence, Place, Trap};
export {
  allowText,
  coverageNotes,
  coverageOf,
  decoyText,
  drillRecord,
  touchingCalls,
  trapOfDetection,
};

/** Longer files are not read whole, as evidence has to be. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** A detection that is a trap. */
export interface TrapDetection<D extends Detection = Detection> {
  readonly detection: D;
  readonly trap: Trap;
}

/** The traps among detections. */
export function trapsAmong<D extends Detection>(detections: readonly D[]): TrapDetection<D>[] {
  return detections.flatMap((detection) => {
    const trap = trapOfDetection(detection);
    return trap === undefined ? [] : [{detection, trap}];
  });
}

/** What files of a trail show of what it logs. Files that cannot be read are told and left out. */
export async function seenIn(
  paths: readonly string[],
  warn: (message: string) => void = () => {},
): Promise<SeenEvents> {
  const counter = new SeenCounter();
  const {files, faults} = await listTrail(paths);
  for (const {error} of faults) warn(error.message);
  for (const {path} of files) {
    try {
      const bytes = await readDecompressed(path, 0, MAX_FILE_BYTES);
      for (const record of recordsIn(new TextDecoder().decode(bytes))) counter.add(record);
    } catch (error) {
      if (!(error instanceof AppError) && !(error instanceof SyntaxError)) throw error;
      warn(`Left out "${path}": ${error.message}`);
    }
  }
  return counter.result();
}

/** Records of a file: under `Records`, in a list, or one a line. */
function recordsIn(text: string): readonly unknown[] {
  const whole = text.trim();
  if (whole === '') return [];
  try {
    const value: unknown = JSON.parse(whole);
    if (Array.isArray(value)) return value;
    const {Records, detail} = (value ?? {}) as {Records?: unknown; detail?: unknown};
    return Array.isArray(Records) ? Records : [detail ?? value];
  } catch {
    return whole.split('\n').map((line) => JSON.parse(line) as unknown);
  }
}

/**
 * What a trail is told to log; asks AWS.
 * @throws AppError
 */
export async function selectorsOfTrail(
  trail: string,
  options: {readonly region?: string} = {},
): Promise<TrailSelectors> {
  const {advanced, basic, ...settings} = await readTrailSettings(trail, options);
  return {
    ...settings,
    advanced: advanced as TrailSelectors['advanced'],
    basic: basic as TrailSelectors['basic'],
  };
}

/** How a running service is asked. */
export type Ask = <T>(method: string, path: string, body?: unknown) => Promise<T>;

export interface DrillRun {
  readonly ask: Ask;
  /** Id of the detection. */
  readonly id: string;
  /** Where the decoy is touched; as the trap has it unless told. */
  readonly place?: Place;
  readonly timeoutMs: number;
  /** Each step as it comes, with the milliseconds since the beginning. */
  readonly step: (text: string, ms: number) => void;
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
}

interface MatchPart {
  readonly id: number;
  readonly key: string;
  readonly title: string;
  readonly mode: string;
  readonly hits: number;
}

interface DeliveryPart {
  readonly key: string;
  readonly destination: string;
  readonly state: string;
  readonly createdAt: number;
  readonly lastError: string | null;
}

const POLL_MS = 500;

/**
 * Has a running service touch a decoy for practice, which it remembers as the last drill, and
 * follows it: to the match, and to the destinations that are told of it.
 * @returns whether it arrived everywhere it should
 */
export async function runDrill(run: DrillRun): Promise<boolean> {
  const {ask, id, place = {}, timeoutMs, step} = run;
  const now = run.now ?? Date.now;
  const sleep = run.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  const began = now();
  const tell = (text: string) => step(text, now() - began);
  const until = async <T>(look: () => Promise<T | undefined>): Promise<T | undefined> => {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (now() - began >= timeoutMs) return undefined;
      await sleep(POLL_MS);
    }
  };

  const {destinations} = await ask<{destinations: {name: string}[]}>('GET', '/alerts/destinations');
  const {account, region} = place;
  const query = new URLSearchParams({...(account && {account}), ...(region && {region})});
  const drill = await ask<{ok: boolean; detail: string; match?: number}>(
    'POST',
    `/traps/${encodeURIComponent(id)}/drill${query.size === 0 ? '' : `?${query}`}`,
  );
  if (!drill.ok || drill.match === undefined) {
    tell(`no match came of it: ${drill.detail}; is the trap on, and the caller not allowed?`);
    return false;
  }
  const match = await ask<MatchPart>('GET', `/matches/${drill.match}`);
  tell(`match ${match.id}: ${match.title}`);
  if (match.mode !== 'live') {
    tell('it is silent: nobody is told');
    return true;
  }
  if (match.hits > 1) {
    tell(
      `it joined a match of before (${match.hits} hits): those who were told are told less often`,
    );
    return true;
  }
  if (destinations.length === 0) {
    tell('there is no destination: nobody can be told');
    return true;
  }
  // A long key is cut short.
  const key = `oddtrail/match/${match.key}`.slice(0, 230);
  const delivered = await until(async () => {
    const {rows} = await ask<{rows: readonly DeliveryPart[]}>(
      'GET',
      '/alerts/deliveries?limit=500',
    );
    const own = rows.filter((row) => row.key.startsWith(key));
    const open = own.some(({state}) => state === 'waiting');
    return own.length > 0 && !open ? own : undefined;
  });
  if (delivered === undefined) {
    tell('nobody was told in time: does a destination take matches of this severity, and answer?');
    return false;
  }
  for (const {destination, state, lastError} of delivered) {
    tell(`${destination}: ${state}${lastError ? ` (${lastError})` : ''}`);
  }
  return delivered.every(({state}) => state === 'sent');
}
