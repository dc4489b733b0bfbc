import {scoreText} from '../../base/score-text.ts';
import {component} from '../../event/text.ts';
import type {Alert, AlertItem} from '../../pipeline/alert.ts';
import type {OutboxEntry} from '../../pipeline/store.ts';
import {principalName} from '../display.ts';
import type {EngineSettings} from './entries.ts';

/** One observation that some destination is to hear of. */
export interface AlertNews {
  readonly context: string;
  readonly principal: string;
  readonly item: AlertItem;
}

/** What one destination has been told of a group so far. */
interface Told {
  revision: number;
  score: number;
  count: number;
  firstTime: number;
  lastTime: number;
  /** Of the highest score so far. */
  topId: number;
  topTitle: string;
  items: AlertItem[];
}

interface Group {
  readonly context: string;
  readonly principal: string;
  readonly account: string;
  readonly told: Record<string, Told>;
}

export type AlertGroupsState = readonly (readonly [key: string, group: Group])[];

/** Most items that an alert, or one update of it, tells in full. */
const MAX_ITEMS = 20;
/** Groups remembered; those that had no news for longest are forgotten first. */
const MAX_GROUPS = 5_000;
/**
 * Items kept in all, of all groups and destinations: some 20 MB of a snapshot. Beyond it the groups
 * that had no news for longest lose theirs, and tell in a later update only what came after.
 */
const MAX_KEPT_ITEMS = 20_000;
const HOUR_MS = 3_600_000;
/** What the APIs of destinations take as a key. */
const MAX_KEY_LENGTH = 255;

/**
 * Puts observations worth an alert together, so that a destination is told once of a principal and
 * hour of event time, and then of what is new about it.
 */
export class AlertGroups {
  #groups = new Map<string, Group>();
  /** Items of all of them. */
  #items = 0;

  get size(): number {
    return this.#groups.size;
  }

  /** Deliveries of what one entry brought: at most one for each group and destination. */
  deliveries(
    news: readonly AlertNews[],
    {destinations, publicUrl}: EngineSettings,
    at: number,
  ): OutboxEntry[] {
    const fresh = new Map<string, {group: Group; key: string; items: AlertItem[]}>();
    for (const {context, principal, item} of news) {
      const key = keyOf(context, principal, item.eventTime);
      let entry = fresh.get(key);
      if (entry === undefined) {
        entry = {group: this.#groupOf(key, context, principal, item.account), key, items: []};
        fresh.set(key, entry);
      }
      entry.items.push(item);
    }
    const outbox: OutboxEntry[] = [];
    for (const {group, key, items} of fresh.values()) {
      for (const {name, minScore} of destinations) {
        const told = items.filter(({score}) => score >= minScore);
        if (told.length === 0) continue;
        const before = itemsOf(group);
        outbox.push({
          destination: name,
          createdAt: at,
          delivery: tell(group, key, name, told, publicUrl),
        });
        this.#items += itemsOf(group) - before;
      }
    }
    this.#lighten();
    return outbox;
  }

  state(): AlertGroupsState {
    return [...this.#groups];
  }

  static restore(state: AlertGroupsState): AlertGroups {
    const groups = new AlertGroups();
    groups.#groups = new Map(state);
    for (const [, group] of state) groups.#items += itemsOf(group);
    return groups;
  }

  #groupOf(key: string, context: string, principal: string, account: string): Group {
    const known = this.#groups.get(key);
    const group = known ?? {context, principal, account, told: {}};
    // Last in the order of the map is what had news last.
    this.#groups.delete(key);
    this.#groups.set(key, group);
    if (this.#groups.size > MAX_GROUPS) {
      for (const [oldest, gone] of this.#groups) {
        this.#items -= itemsOf(gone);
        this.#groups.delete(oldest);
        break;
      }
    }
    return group;
  }

  /** Lets go of the items of those that had no news for longest, some more than need be. */
  #lighten(): void {
    if (this.#items <= MAX_KEPT_ITEMS) return;
    for (const group of this.#groups.values()) {
      for (const told of Object.values(group.told)) {
        this.#items -= told.items.length;
        told.items = [];
      }
      if (this.#items <= MAX_KEPT_ITEMS * 0.75) return;
    }
  }
}

function itemsOf({told}: Group): number {
  let sum = 0;
  for (const {items} of Object.values(told)) sum += items.length;
  return sum;
}

function tell(
  group: Group,
  key: string,
  destination: string,
  items: readonly AlertItem[],
  publicUrl: string,
): OutboxEntry['delivery'] {
  let told = Object.hasOwn(group.told, destination) ? group.told[destination] : undefined;
  if (told === undefined) {
    told = {
      revision: 0,
      score: 0,
      count: 0,
      firstTime: Number.POSITIVE_INFINITY,
      lastTime: Number.NEGATIVE_INFINITY,
      topId: 0,
      topTitle: '',
      items: [],
    };
    group.told[destination] = told;
  }
  told.revision++;
  for (const item of items) {
    told.count++;
    told.firstTime = Math.min(told.firstTime, item.eventTime);
    told.lastTime = Math.max(told.lastTime, item.eventTime);
    if (told.items.length < MAX_ITEMS) told.items.push(item);
    if (item.score > told.score) {
      told.score = item.score;
      told.topId = item.observationId;
      told.topTitle = item.operation === '-' ? '' : item.operation;
    }
  }
  const alert: Alert = {
    key,
    context: group.context,
    principal: group.principal,
    account: group.account,
    score: told.score,
    severity: severityOf(told.score),
    title: titleOf(group, told),
    items: [...told.items],
    count: told.count,
    firstTime: told.firstTime,
    lastTime: told.lastTime,
    link: publicUrl === '' ? '' : `${publicUrl}/observations/${told.topId}`,
    test: false,
  };
  return {
    id: `${destination}/${key}`,
    revision: told.revision,
    alert,
    news: items.slice(0, MAX_ITEMS),
  };
}

function keyOf(context: string, principal: string, time: number): string {
  const hour = new Date(Math.floor(time / HOUR_MS) * HOUR_MS).toISOString().slice(0, 13);
  const end = `/${hour}`;
  return component(`oddtrail/${context}/${principal}`, MAX_KEY_LENGTH - end.length) + end;
}

function severityOf(score: number): Alert['severity'] {
  if (score >= 0.999) return 'critical';
  if (score >= 0.99) return 'error';
  return score >= 0.95 ? 'warning' : 'info';
}

function titleOf({principal}: Group, {count, score, topTitle}: Told): string {
  const more = count === 1 ? '' : `, and ${count - 1} more`;
  const what = topTitle === '' ? 'something novel' : topTitle;
  return `${principalName(principal)}: ${what}${more} (novelty ${scoreText(score)})`;
}
