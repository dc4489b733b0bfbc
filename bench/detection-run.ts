import {execFileSync} from 'node:child_process';
import type {Detection, Match} from '../src/detections/detection.ts';
import {DetectionSet} from '../src/detections/detection-set.ts';
import type {Json} from '../src/detections/json.ts';
import {eventOfRecord, prepareDerivation} from '../src/event/derive.ts';
import type {Dataset} from './datasets.ts';
import {ourMethods} from './ours.ts';
import {loadProject, type Project, type RawRecord} from './project.ts';

/** One run of an attack. */
export interface Campaign {
  readonly scenario: string;
  readonly firstMs: number;
  events: number;
  readonly operations: Set<string>;
  /** Detections that matched, by id, with the mode they had. */
  readonly matched: Map<string, Match['mode']>;
  highest: number;
}

/** A match that no attack was part of when it was first told. */
export interface OtherMatch {
  readonly detection: string;
  readonly severity: Match['severity'];
  readonly mode: Match['mode'];
  readonly timeMs: number;
  readonly title: string;
  /** An event is part of it that is neither attack nor ordinary. */
  readonly ignored: boolean;
}

export interface DetectionRun {
  /** First midnight before the first event. */
  readonly beginMs: number;
  readonly judgeFromMs: number;
  readonly campaigns: readonly Campaign[];
  /** Events that are no attack, and those of them that are ordinary. */
  readonly others: number;
  readonly ordinary: number;
  readonly otherMatches: readonly OtherMatch[];
  /** What scored `HIGH` or more among ordinary events: day and principal. */
  readonly highOthers: readonly {readonly timeMs: number; readonly principal: string}[];
}

/** From here on the service alerts by score. */
export const HIGH = 0.95;
export const DAY_MS = 86_400_000;

/**
 * Lets score and detections go over a data set in order, all with a memory that is empty at first.
 * Accounts that records were delivered to are the organisation's own.
 */
export function runDetections(
  make: (project: Project) => Dataset,
  detections: readonly Detection[],
): DetectionRun {
  const project = loadProject();
  const records = new Map<string, string>();
  const accounts = new Set<string>();
  const {events, truth, judgeFrom} = make({
    ...project,
    derive(record: RawRecord) {
      const event = project.derive(record);
      if (event === undefined || records.has(event.eventId)) return event;
      records.set(event.eventId, JSON.stringify(record));
      if (typeof record.recipientAccountId === 'string') accounts.add(record.recipientAccountId);
      return event;
    },
  });
  const derivation = prepareDerivation({organisationAccounts: [...accounts]});
  const set = new DetectionSet(detections);
  const [method] = ourMethods();
  if (method === undefined) throw new Error('No method');
  const campaigns = new Map<string, Campaign>();
  const otherMatches: OtherMatch[] = [];
  const highOthers: {timeMs: number; principal: string}[] = [];
  let others = 0;
  let ordinary = 0;
  const tell = ({detection, severity, mode, hit, revision, title}: Match): void => {
    // Of a match of many events the evidence holds but some.
    const ids = [...hit.evidence.map(({eventId}) => eventId), hit.event?.id ?? ''];
    const entries = ids.flatMap((id) => truth.get(id) ?? []);
    const parts = entries.flatMap((entry) =>
      'ignore' in entry ? [] : (campaigns.get(entry.campaign) ?? []),
    );
    for (const {matched} of parts) {
      if (matched.get(detection) !== 'live') matched.set(detection, mode);
    }
    if (parts.length > 0 || revision > 1) return;
    const ignored = entries.length > 0;
    otherMatches.push({detection, severity, mode, timeMs: hit.time, title, ignored});
  };
  for (const {eventId, timeMs} of events) {
    const record = JSON.parse(records.get(eventId) ?? '{}') as Record<string, Json>;
    const components = eventOfRecord(record, timeMs, derivation);
    method.observe(components, timeMs);
    const score = method.lastScore();
    const origin = components.principal;
    const entry = truth.get(eventId);
    if (entry === undefined) {
      ordinary++;
      if (score >= HIGH) highOthers.push({timeMs, principal: origin});
    }
    if (entry === undefined || 'ignore' in entry) others++;
    else {
      const {campaign: id, scenario} = entry;
      const campaign = campaigns.get(id) ?? {
        scenario,
        firstMs: timeMs,
        events: 0,
        operations: new Set(),
        matched: new Map(),
        highest: 0,
      };
      campaigns.set(id, campaign);
      campaign.events++;
      campaign.operations.add(components.operation);
      campaign.highest = Math.max(campaign.highest, score);
    }
    set.take({time: timeMs, id: eventId, components, origin, score, bits: {}, record});
    set.advance(timeMs);
    set.drain().matches.forEach(tell);
  }
  set.advance((events.at(-1)?.timeMs ?? 0) + DAY_MS);
  set.drain().matches.forEach(tell);
  const beginMs = Math.floor((events[0]?.timeMs ?? 0) / DAY_MS) * DAY_MS;
  const judgeFromMs = beginMs + judgeFrom * DAY_MS;
  const all = [...campaigns.values()];
  return {beginMs, judgeFromMs, campaigns: all, others, ordinary, otherMatches, highOthers};
}

/** Whether some detection that tells people matched it. */
export function isMatchedLive({matched}: Campaign): boolean {
  return [...matched.values()].includes('live');
}

/** The commit that is measured, and whether anything that decides was changed since. */
export function commit(): string {
  const git = (...command: string[]) =>
    execFileSync('git', command, {cwd: import.meta.dirname, encoding: 'utf8'}).trim();
  const changed = git('status', '--porcelain', '--', '../src', '../detections', '../contexts');
  return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : ' with changes'}`;
}
