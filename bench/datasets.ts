import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import type {TruthEntry} from '../src/app/truth.ts';
import {Random} from '../src/base/random.ts';
import {COMPONENT_FIELDS, type Components} from './method.ts';
import type {DerivedEvent, Project, RawRecord} from './project.ts';

/** A labelled stream: events in event-time order, none twice. */
export interface Dataset {
  readonly name: string;
  readonly events: readonly DerivedEvent[];
  readonly truth: ReadonlyMap<string, TruthEntry>;
  /** First day that is judged, counted from 0. */
  readonly judgeFrom: number;
}

export interface StreamOptions {
  readonly seed: number;
  readonly days: number;
  readonly eventsPerDay: number;
  readonly judgeFrom: number;
  readonly campaigns?: number | undefined;
}

const DAY_MS = 86_400_000;

/** The simulated organisation with its attacks. */
export function simulatedDataset(project: Project, options: StreamOptions): Dataset {
  const stream = project.simulate({...options, attacks: true});
  const gathered = new Gathering(project);
  for (const {records} of stream.files) for (const record of records) gathered.add(record);
  return {
    name: 'simulated',
    events: gathered.events(),
    truth: stream.truth(),
    judgeFrom: options.judgeFrom,
  };
}

/** The simulated organisation left in peace. */
export function quietDataset(project: Project, options: StreamOptions): Dataset {
  const stream = project.simulate({...options, attacks: false});
  const gathered = new Gathering(project);
  for (const {records} of stream.files) for (const record of records) gathered.add(record);
  const {judgeFrom} = options;
  return {name: 'quiet', events: gathered.events(), truth: new Map(), judgeFrom};
}

/**
 * A real account during 26 attack techniques (Invictus, aws_dataset): attacks, by technique,
 * against what is presumed benign. All the rest, the set-up of attacks among it, is learnt in
 * order but not judged. It lasts 55 minutes, so that the budgets of a day hardly bind: read the
 * areas, not the recall.
 */
export function invictusDataset(project: Project, folder: string): Dataset {
  const gathered = new Gathering(project);
  for (const path of filesUnder(join(folder, 'AWSLogs'))) {
    const bytes = readFileSync(path);
    const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    for (const record of (JSON.parse(text) as {Records: RawRecord[]}).Records) gathered.add(record);
  }
  const truth = new Map<string, TruthEntry>();
  for (const line of jsonLines(join(folder, 'labels.jsonl'))) {
    const {eventID, label, technique} = line as {
      eventID: string;
      label: string;
      technique: string | null;
    };
    if (label === 'presumed_benign') continue;
    const attack = label === 'attack' && technique !== null;
    truth.set(eventID, attack ? {campaign: technique, scenario: technique} : {ignore: true});
  }
  return {name: 'Invictus', events: gathered.events(), truth, judgeFrom: 0};
}

export interface InjectionOptions extends StreamOptions {
  /** How often each technique is injected. */
  readonly repeats: number;
  /**
   * `kept`: the tool's own user agent, as recorded; each run of the tool has one that nobody else
   * has. `victim`: the one the victim uses, so that it does not give the attack away.
   */
  readonly userAgent: 'kept' | 'victim';
}

/**
 * Recorded attack techniques (Datadog, Stratus Red Team) in the quiet simulated organisation, under
 * identities that exist there: identity, network, account and region are those of a victim of a
 * fitting kind that has been seen for some days; operation, parameters and error are as recorded.
 */
export function stratusDataset(
  project: Project,
  folder: string,
  options: InjectionOptions,
): Dataset {
  const stream = project.simulate({...options, attacks: false});
  const gathered = new Gathering(project);
  const victims = new Map<string, Victim>();
  for (const {records} of stream.files) {
    for (const record of records) {
      const event = gathered.add(record);
      if (event !== undefined) rememberVictim(victims, event, record);
    }
  }

  const random = new Random(`stratus/${options.seed}`);
  const truth = new Map<string, TruthEntry>();
  const firstDay = gathered.firstDay();
  const techniques = readTechniques(folder);
  for (let repeat = 0; repeat < options.repeats; repeat++) {
    for (const [technique, records] of techniques) {
      const day = firstDay + random.between(options.judgeFrom, options.days - 1);
      const victim = chooseVictim(victims, records, day, random);
      if (victim === undefined) continue;
      const campaign = `${technique}#${repeat + 1}`;
      const start = day * DAY_MS + random.below(DAY_MS - 3_600_000);
      const origin = Date.parse(String(records[0]?.eventTime));
      for (const [i, record] of records.entries()) {
        const eventID = `${campaign}/${i}`;
        const offset = Math.min(Date.parse(String(record.eventTime)) - origin, 3_599_000);
        gathered.add({
          ...record,
          ...pickPresent(victim, IDENTITY_KEYS),
          ...(options.userAgent === 'victim' ? pickPresent(victim, ['userAgent']) : {}),
          vpcEndpointId: victim.vpcEndpointId,
          eventID,
          eventTime: `${new Date(start + offset).toISOString().slice(0, 19)}Z`,
        });
        truth.set(eventID, {campaign, scenario: technique});
      }
    }
  }
  const whose = options.userAgent === 'kept' ? 'own user agent' : "victim's user agent";
  return {
    name: `Stratus injected, ${whose}`,
    events: gathered.events(),
    truth,
    judgeFrom: options.judgeFrom,
  };
}

const IDENTITY_KEYS = [
  'userIdentity',
  'sourceIPAddress',
  'awsRegion',
  'recipientAccountId',
] as const;

/** Days on which a victim must have been seen before its identity is used. */
const VICTIM_DAYS = 5;

interface Victim {
  readonly kind: string;
  /** One record of each day on which it was seen. */
  readonly byDay: Map<number, RawRecord>;
}

function rememberVictim(victims: Map<string, Victim>, event: DerivedEvent, record: RawRecord) {
  const {principal, kind} = event.components;
  let victim = victims.get(principal);
  if (victim === undefined) {
    victim = {kind, byDay: new Map()};
    victims.set(principal, victim);
  }
  const day = Math.floor(event.timeMs / DAY_MS);
  if (!victim.byDay.has(day)) victim.byDay.set(day, record);
}

/** The latest record before this day of somebody of a fitting kind who was seen often enough. */
function chooseVictim(
  victims: ReadonlyMap<string, Victim>,
  records: readonly RawRecord[],
  day: number,
  random: Random,
): RawRecord | undefined {
  const assumed = records.filter(
    (record) => (record.userIdentity as {type?: string} | undefined)?.type === 'AssumedRole',
  );
  const kinds = assumed.length * 2 > records.length ? ['role', 'person'] : ['user', 'person'];
  const seen: RawRecord[] = [];
  for (const {kind, byDay} of victims.values()) {
    if (!kinds.includes(kind)) continue;
    const before = [...byDay.keys()].filter((seenOn) => seenOn < day);
    const latest = byDay.get(Math.max(...before));
    if (before.length >= VICTIM_DAYS && latest !== undefined) seen.push(latest);
  }
  return seen.length === 0 ? undefined : random.pick(seen);
}

function pickPresent(record: RawRecord, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    keys.filter((key) => record[key] !== undefined).map((key) => [key, record[key]]),
  );
}

/** Records of each technique in the order of their times. */
function readTechniques(folder: string): Map<string, RawRecord[]> {
  const labels = new Map<string, string>();
  for (const line of jsonLines(join(folder, 'labels.jsonl'))) {
    const {eventID, technique} = line as {eventID: string; technique: string};
    labels.set(eventID, technique);
  }
  const techniques = new Map<string, RawRecord[]>();
  for (const record of jsonLines(join(folder, 'events.jsonl'))) {
    const technique = labels.get(String(record.eventID));
    if (technique === undefined) continue;
    const records = techniques.get(technique);
    if (records === undefined) techniques.set(technique, [record]);
    else records.push(record);
  }
  for (const records of techniques.values()) {
    records.sort((a, b) => String(a.eventTime).localeCompare(String(b.eventTime)));
  }
  return techniques;
}

/** Derived events, each once, their texts shared. */
class Gathering {
  readonly #project: Project;
  readonly #events: DerivedEvent[] = [];
  readonly #seen = new Set<string>();
  readonly #texts = new Map<string, string>();

  constructor(project: Project) {
    this.#project = project;
  }

  /** The event, or undefined when it is none or was there already. */
  add(record: RawRecord): DerivedEvent | undefined {
    const event = this.#project.derive(record);
    if (event === undefined) return undefined;
    if (event.eventId !== '') {
      if (this.#seen.has(event.eventId)) return undefined;
      this.#seen.add(event.eventId);
    }
    const components = {...event.components} as Record<keyof Components, string>;
    for (const field of COMPONENT_FIELDS) components[field] = this.#intern(components[field]);
    const kept = {eventId: event.eventId, timeMs: event.timeMs, components};
    this.#events.push(kept);
    return kept;
  }

  firstDay(): number {
    const first = this.#events.reduce((least, {timeMs}) => Math.min(least, timeMs), Infinity);
    return Math.floor(first / DAY_MS);
  }

  events(): DerivedEvent[] {
    return this.#events.sort((a, b) => a.timeMs - b.timeMs);
  }

  #intern(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile() && /\.json(\.gz)?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function jsonLines(path: string): RawRecord[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as RawRecord);
}
