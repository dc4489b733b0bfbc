import type {AlarmChange, AlarmState, Evaluator, EventNote, Needs, Sink} from '../evaluator.ts';
import type {Json} from '../json.ts';
import type {CompositeRule} from './composite-expression.ts';
import {MAX_NOTES, noteFrom, noteState} from './metric.ts';

/** Changes of children that wait for `advance`; more than any one call of it can bring. */
const MAX_WAITING = 10_000;

const NEVER = Number.NEGATIVE_INFINITY;

interface Child {
  state: AlarmState;
  events: readonly EventNote[];
}

/**
 * An alarm over the states of other alarms. It takes no events. Whoever runs it,
 *
 * 1. gives all alarms the same `latenessMs`, so that they tell of the same times together;
 * 2. after `advance` of the metric alarms, tells it each change of those in `rule.ids` with
 *    `child`, in any order, and each setting by hand when it is done;
 * 3. then calls its own `advance`, before that of composites which name it (`compositeOrder`), and
 *    tells those of its changes in turn.
 *
 * It looks at its rule at each time at which a child changed, in order of time: ALARM where the
 * rule holds, OK where it does not, and INSUFFICIENT_DATA before it first looked. Children it was
 * told nothing of are in INSUFFICIENT_DATA.
 */
export class CompositeAlarm implements Evaluator {
  /** No event is of any use to it. */
  readonly needs: Needs = {operation: () => false};
  readonly #rule: CompositeRule;
  readonly #children = new Map<string, Child>();
  #state: AlarmState = 'INSUFFICIENT_DATA';
  #clock = NEVER;
  #waiting: {readonly id: string; readonly change: AlarmChange}[] = [];

  constructor(rule: CompositeRule) {
    this.#rule = rule;
    for (const id of rule.ids) this.#children.set(id, {state: 'INSUFFICIENT_DATA', events: []});
  }

  /** Of the alarms whose changes it wants to hear. */
  get ids(): readonly string[] {
    return this.#rule.ids;
  }

  get status(): {readonly state: AlarmState} {
    return {state: this.#state};
  }

  alarmState(): AlarmState {
    return this.#state;
  }

  take(): void {}

  child(id: string, change: AlarmChange): void {
    if (!this.#children.has(id)) return;
    this.#waiting.push({id, change});
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
  }

  advance(time: number, sink: Sink): void {
    const first = this.#clock === NEVER;
    if (time > this.#clock) this.#clock = time;
    if (this.#waiting.length === 0 && !first) return;
    const waiting = this.#waiting.sort((a, b) => a.change.time - b.change.time);
    this.#waiting = [];
    let i = 0;
    while (i < waiting.length) {
      const now = (waiting[i] as (typeof waiting)[number]).change.time;
      const changed: string[] = [];
      for (; waiting[i]?.change.time === now; i++) {
        const {id, change} = waiting[i] as (typeof waiting)[number];
        this.#children.set(id, {state: change.to, events: change.events});
        changed.push(`${id} went to ${change.to}`);
      }
      this.#look(now, `${changed.join(', ')}`, sink);
    }
    if (first && waiting.length === 0) this.#look(time, 'First evaluation', sink);
  }

  /** Sets the state, for a drill; it holds until a child changes. */
  setState(state: AlarmState, reason: string, time: number, sink: Sink): void {
    this.#change(time, state, reason, 'yes', sink);
  }

  state(): Json {
    return {
      composite: 1,
      state: this.#state,
      clock: this.#clock === NEVER ? null : this.#clock,
      children: [...this.#children].map(([id, {state, events}]) => [
        id,
        state,
        events.map(noteState),
      ]),
      waiting: this.#waiting.map(({id, change}) => ({
        id,
        change: {...change, events: change.events.map(noteState)},
      })) as unknown as Json,
    };
  }

  /** Children that are no longer named are forgotten. */
  restore(state: Json): void {
    const kept = state as unknown as {
      composite?: number;
      state: AlarmState;
      clock: number | null;
      children: [string, AlarmState, Json[]][];
      waiting: {id: string; change: Omit<AlarmChange, 'events'> & {events: Json[]}}[];
    } | null;
    if (kept?.composite !== 1) return;
    this.#state = kept.state;
    this.#clock = kept.clock ?? NEVER;
    for (const [id, child, events] of kept.children) {
      if (this.#children.has(id)) {
        this.#children.set(id, {state: child, events: events.map(noteFrom)});
      }
    }
    this.#waiting = kept.waiting.map(({id, change}) => ({
      id,
      change: {...change, events: change.events.map(noteFrom)},
    }));
  }

  #look(time: number, reason: string, sink: Sink): void {
    const holds = this.#rule.evaluate((id) => this.#children.get(id)?.state ?? 'INSUFFICIENT_DATA');
    this.#change(time, holds ? 'ALARM' : 'OK', reason, 'no', sink);
  }

  #change(time: number, to: AlarmState, reason: string, drill: 'yes' | 'no', sink: Sink): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    const events = drill === 'yes' ? [] : this.#events();
    sink.alarm({time, from, to, reason, datapoints: [], events});
    if (to !== 'ALARM') return;
    const alarming = [...this.#children].filter(([, {state}]) => state === 'ALARM');
    const facts: Record<string, string> = {
      reason,
      alarms: alarming.map(([id]) => id).join(', '),
    };
    if (drill === 'yes') facts.drill = 'yes';
    sink.hit({time, event: null, group: [], facts, evidence: events, count: events.length});
  }

  /** Of the children in ALARM, each event once, the newest last. */
  #events(): EventNote[] {
    const all = new Map<string, EventNote>();
    for (const {state, events} of this.#children.values()) {
      if (state !== 'ALARM') continue;
      for (const note of events) all.set(`${note.eventId} ${note.time}`, note);
    }
    return [...all.values()].sort((a, b) => a.time - b.time).slice(-MAX_NOTES);
  }
}
