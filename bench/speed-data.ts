import {existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {writeSimulation} from '../src/app/simulate-to-folder.ts';
import {eventTime} from '../src/simulate/record.ts';
import {simulate} from '../src/simulate/simulate.ts';

/** A trail to measure with. */
export interface SpeedSet {
  readonly name: string;
  readonly says: string;
  readonly folder: string;
}

const ROOT = join(tmpdir(), 'oddtrail-bench');
const START = '2026-01-05';
/** A day of calls is squeezed into two hours, so that files are as full as a busy account's. */
const SQUEEZE = 12;

interface Recorded {
  eventTime: string;
  tlsDetails?: unknown;
  additionalEventData?: unknown;
}

/**
 * A day of 300,000 calls, each twelve times as soon: a rate of 3.6 million a day, delivered every
 * five minutes for each account and region in files of some 200 records, the fullest of thousands.
 */
function writeBusy(folder: string, shape: 'short' | 'long'): void {
  const begin = Date.parse(`${START}T09:00:00Z`);
  const options = {
    seed: 7,
    days: 1,
    start: START,
    eventsPerDay: 300_000,
    scenarios: [],
    deliveryMinutes: 5 * SQUEEZE,
    ...(shape === 'long' && {recordBytes: 1545}),
  };
  const midnight = Date.parse(`${START}T00:00:00Z`);
  const squeezed = (time: number) => begin + (time - midnight) / SQUEEZE;
  for (const file of simulate(options)) {
    const records = file.records.map((record): object => {
      const own: Recorded = {...(record as Recorded)};
      own.eventTime = eventTime(squeezed(Date.parse(own.eventTime)));
      // As trails were before 2022, and still are for most services' own calls.
      if (shape === 'short') {
        delete own.tlsDetails;
        delete own.additionalEventData;
      }
      return own;
    });
    const stamp = new Date(squeezed(file.time)).toISOString().replaceAll(/[-:]/g, '').slice(0, 13);
    const path = join(folder, file.path.replace(/\d{8}T\d{4}Z/, `${stamp}Z`));
    mkdirSync(dirname(path), {recursive: true});
    writeFileSync(path, gzipSync(JSON.stringify({Records: records})));
  }
}

async function once(
  name: string,
  write: (folder: string) => Promise<void> | void,
): Promise<string> {
  const folder = join(ROOT, name);
  if (existsSync(folder)) return folder;
  console.error(`writing ${folder} …`);
  const begun = `${folder}.begun`;
  rmSync(begun, {recursive: true, force: true});
  await write(begun);
  renameSync(begun, folder);
  return folder;
}

/** The sets of the speed benchmark; written under the temporary folder unless they are there. */
export async function speedSets(): Promise<SpeedSet[]> {
  return [
    {
      name: 'busy, short records',
      says: 'files of a busy account',
      folder: await once('busy-short-2', (folder) => writeBusy(folder, 'short')),
    },
    {
      name: 'busy, long records',
      says: 'files of a busy account',
      folder: await once('busy-long-2', (folder) => writeBusy(folder, 'long')),
    },
    {
      name: 'quiet',
      says: 'files of a small organisation, seven records each',
      folder: await once('quiet-2', async (folder) => {
        const options = {seed: 7, days: 7, start: START, eventsPerDay: 15_000, scenarios: []};
        await writeSimulation(options, folder);
      }),
    },
  ];
}

/** Files of a folder, at any depth. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile() && entry.name.endsWith('.gz'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
