import {compileCondition} from '../condition/language.ts';
import type {Selector} from '../condition/selector.ts';
import type {Exclusion} from '../detection.ts';
import type {Evaluator, Needs, Sink} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import {eventNote} from '../event-note.ts';
import type {Json} from '../json.ts';
import {type Allowed, decoyText, type Trap} from './decoy.ts';
import {deedOf} from './deed.ts';
import {TouchFinder} from './touch.ts';

/** User agents of drills begin so. What bears one is told all the same: anybody can write it. */
export const DRILL_AGENT = 'oddtrail-drill/';

/** Names of the facts of a hit; `drill` is "yes" or "no". */
export const TRAP_FACTS = [
  'decoy',
  'decoyKind',
  'where',
  'spelling',
  'deed',
  'action',
  'outcome',
  'drill',
] as const;

/** What traps say unless they have a title of their own. */
export const TRAP_TITLE = '{{principal}} {{deed}} the decoy {{decoy}} ({{operation}})';

const SERVICE_OF = /^([^:]*):/;

/** What an event must have to touch the decoy, without its record. */
export function needsOfTrap(trap: Trap): Needs {
  const finder = new TouchFinder(trap);
  return {
    operation: (operation) => finder.isNamedIn(SERVICE_OF.exec(operation)?.[1] ?? ''),
    ...(finder.acts
      ? {orCaller: (principal, kind) => finder.isCaller(principal, kind)}
      : undefined),
  };
}

/**
 * Watches a decoy: each event that names it, or that it acts in, is a hit. Remembers nothing.
 * Whom the trap allows is a matter of `exclusionsOfTrap`.
 */
export class TrapEvaluator implements Evaluator {
  readonly trap: Trap;
  readonly needs: Needs;
  readonly #finder: TouchFinder;
  readonly #group: readonly Selector[];

  constructor(trap: Trap, group: readonly Selector[]) {
    this.trap = trap;
    this.needs = needsOfTrap(trap);
    this.#finder = new TouchFinder(trap);
    this.#group = group;
  }

  take(event: DetectionEvent, sink: Sink): void {
    const touch = this.#finder.find(event);
    if (touch === undefined) return;
    const {operation, error} = event.components;
    const {userAgent} = event.record;
    const drill = typeof userAgent === 'string' && userAgent.startsWith(DRILL_AGENT);
    sink.hit({
      time: event.time,
      event,
      group: this.#group.map((select) => select(event)),
      facts: {
        decoy: decoyText(this.trap.decoy),
        decoyKind: this.trap.decoy.kind,
        where: touch.where,
        spelling: touch.text,
        deed: deedOf(this.trap, touch, event),
        action: operation,
        outcome: error === '-' ? 'success' : `failure: ${error}`,
        drill: drill ? 'yes' : 'no',
      } satisfies Record<(typeof TRAP_FACTS)[number], string>,
      evidence: [eventNote(event)],
      count: 1,
    });
  }

  advance(): void {}

  state(): Json {
    return null;
  }

  restore(): void {}
}

export type AllowedExclusions =
  | {readonly ok: true; readonly exclusions: readonly Exclusion[]}
  | {
      readonly ok: false;
      readonly faults: readonly {
        readonly at: number;
        readonly index: number;
        readonly message: string;
      }[];
    };

/**
 * The allow list, as exclusions that never expire. Each holds for touches alone, so that what is
 * counted as left out is what would have been told.
 */
export function exclusionsOfTrap(
  trap: Trap,
  parameters: Readonly<Record<string, Json>>,
): AllowedExclusions {
  const faults: {at: number; index: number; message: string}[] = [];
  const finder = new TouchFinder(trap);
  const exclusions = trap.allow.map((allowed, at): Exclusion => {
    const test = testOf(allowed, parameters);
    if (!test.ok) {
      for (const {index, message} of test.faults) faults.push({at, index, message});
    }
    return {
      id: `allow-${at + 1}`,
      owner: allowed.owner,
      reason: allowed.reason,
      expires: null,
      condition: allowText(allowed),
      holds(event) {
        const holds = test.ok ? test.holds(event) : false;
        if (holds === false) return false;
        // Only then the record is looked at; a condition that failed leaves nothing out.
        return finder.find(event) === undefined ? false : holds;
      },
    };
  });
  return faults.length > 0 ? {ok: false, faults} : {ok: true, exclusions};
}

/** Whom an entry of the allow list means, for people. */
export function allowText({principal, user_agent, condition}: Allowed): string {
  if (principal !== undefined) return `principal ${principal}`;
  return user_agent === undefined ? (condition ?? '') : `user agent ${user_agent}`;
}

type AllowTest =
  | {readonly ok: true; readonly holds: Exclusion['holds']}
  | {
      readonly ok: false;
      readonly faults: readonly {readonly index: number; readonly message: string}[];
    };

function testOf(
  {principal, user_agent, condition}: Allowed,
  parameters: Readonly<Record<string, Json>>,
): AllowTest {
  if (condition !== undefined) {
    const compiled = compileCondition(condition, parameters);
    return compiled.ok ? {ok: true, holds: compiled.value.holds} : compiled;
  }
  const form = wildcard(principal ?? user_agent ?? '');
  if (principal !== undefined) {
    return {ok: true, holds: ({components}) => form(components.principal)};
  }
  return {
    ok: true,
    holds: ({record}) => typeof record.userAgent === 'string' && form(record.userAgent),
  };
}

/** Whether a text has the form, in which "*" stands for any characters. In linear time. */
export function wildcard(form: string): (text: string) => boolean {
  const parts = form.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return (text) => text === form;
  const last = parts.at(-1) ?? '';
  const middle = parts.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length) return false;
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}
