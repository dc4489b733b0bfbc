import {SEVERITIES, type Severity} from '../../detections/detection.ts';
import type {EventNote} from '../../detections/evaluator.ts';
import {component} from '../../event/text.ts';
import type {Alert, AlertDetection, AlertItem} from '../../pipeline/alert.ts';
import type {MatchRow} from '../../pipeline/detections.ts';
import type {OutboxEntry} from '../../pipeline/store.ts';
import type {EngineSettings} from './entries.ts';

/** What one destination was told of a match. */
interface Told {
  revision: number;
  hits: number;
}

export type MatchAlertsState = readonly (readonly [key: string, told: Record<string, Told>])[];

/** Matches remembered; those that had no news for longest are forgotten first. */
const MAX_MATCHES = 5_000;
/** What the APIs of destinations take as a key. */
const MAX_KEY_LENGTH = 255;

const TOLD_AS: Readonly<Record<Severity, Alert['severity']>> = {
  critical: 'critical',
  high: 'error',
  medium: 'warning',
  low: 'info',
  informational: 'info',
};

/**
 * Tells destinations of matches: of each once, and again whenever what it holds has doubled, so
 * that what goes on for hours is told a handful of times.
 */
export class MatchAlerts {
  #told = new Map<string, Record<string, Told>>();

  deliveries(
    match: MatchRow,
    about: Omit<AlertDetection, 'id' | 'kind' | 'severity' | 'facts'>,
    {destinations, publicUrl}: EngineSettings,
    at: number,
  ): OutboxEntry[] {
    if (match.mode !== 'live') return [];
    const outbox: OutboxEntry[] = [];
    for (const {name, minSeverity} of destinations) {
      if (minSeverity === undefined || isBelow(match.severity, minSeverity)) continue;
      const all = this.#of(match.key);
      const told = Object.hasOwn(all, name) ? all[name] : undefined;
      if (told !== undefined && match.hits < 2 * told.hits) continue;
      const revision = (told?.revision ?? 0) + 1;
      all[name] = {revision, hits: match.hits};
      const alert = alertOf(match, about, publicUrl);
      const id = `${name}/${alert.key}`;
      outbox.push({
        destination: name,
        createdAt: at,
        delivery: {id, revision, alert, news: revision === 1 ? alert.items : alert.items.slice(-1)},
      });
    }
    return outbox;
  }

  state(): MatchAlertsState {
    return [...this.#told];
  }

  static restore(state: MatchAlertsState): MatchAlerts {
    const alerts = new MatchAlerts();
    alerts.#told = new Map(state);
    return alerts;
  }

  #of(key: string): Record<string, Told> {
    const known = this.#told.get(key) ?? {};
    // Last in the order of the map is what had news last.
    this.#told.delete(key);
    this.#told.set(key, known);
    if (this.#told.size > MAX_MATCHES) {
      for (const oldest of this.#told.keys()) {
        this.#told.delete(oldest);
        break;
      }
    }
    return known;
  }
}

function isBelow(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(least);
}

function alertOf(
  match: MatchRow,
  about: Omit<AlertDetection, 'id' | 'kind' | 'severity' | 'facts'>,
  publicUrl: string,
): Alert {
  const {id, key, detection, kind, severity, principal, account, score, facts} = match;
  return {
    key: component(`oddtrail/match/${key}`, MAX_KEY_LENGTH),
    context: 'detections',
    principal,
    account,
    score,
    severity: TOLD_AS[severity],
    title: match.title,
    items: match.evidence.map(itemOf),
    count: match.events,
    firstTime: match.firstTime,
    lastTime: match.lastTime,
    link: publicUrl === '' ? '' : `${publicUrl}/matches/${id}`,
    test: false,
    detection: {id: detection, kind, severity, facts, ...about},
  };
}

function itemOf(note: EventNote): AlertItem {
  return {
    observationId: 0,
    eventId: note.eventId,
    eventTime: note.time,
    score: note.score,
    operation: note.operation,
    service: note.operation.split(':', 1)[0] ?? '',
    account: note.account,
    region: note.region,
    network: note.sourceIp,
    userAgent: note.userAgent,
    resource: note.resource,
    error: note.error,
    mostNovel: null,
    reason: '',
  };
}
