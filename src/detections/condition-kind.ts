import {z} from 'zod';
import {durationMs} from '../config/duration.ts';
import {type BuiltCondition, conditionEvaluator} from './condition/evaluator.ts';
import type {Built, KindPart, KindSetup} from './kind.ts';
import type {DeclaredWhen} from './schema.ts';

/** `condition: 'CEL'`, alone or with one of `count`, `share`, `first_seen`; or a `sequence`. */
export const conditionKind: KindPart<string> = {
  schema: z.string().min(1).max(65_536),
  build(when, setup) {
    const given = when as DeclaredWhen;
    return builtOf(conditionEvaluator(optionsOf(given, setup)), textOf(given));
  },
};

export function optionsOf(given: DeclaredWhen, {groupBy, parameters}: KindSetup) {
  const {condition, count, share, first_seen: firstSeen, sequence, within} = given;
  return {
    condition,
    groupBy,
    parameters,
    ...(count && {
      count: {
        atLeast: count.at_least,
        withinMs: durationMs(count.within),
        distinct: count.distinct,
      },
    }),
    ...(share && {
      share: {
        of: share.of,
        atLeast: share.at_least,
        minEvents: share.min_events,
        withinMs: durationMs(share.within),
      },
    }),
    ...(firstSeen && {
      firstSeen: {
        by: firstSeen.by,
        withinMs: durationMs(firstSeen.within),
        ...(firstSeen.warm_up !== undefined && {warmUpMs: durationMs(firstSeen.warm_up)}),
      },
    }),
    ...(sequence && {sequence: sequence.map((step) => step.condition)}),
    ...(within !== undefined && {withinMs: durationMs(within)}),
  };
}

export function builtOf(built: BuiltCondition, condition: string): Built {
  if (!built.ok) return built;
  return {...built, condition, warnings: []};
}

/** The condition and its way, as people read it. */
export function textOf(given: DeclaredWhen): string {
  const {pattern, condition, count, share, first_seen: firstSeen, sequence, within} = given;
  const lines = [pattern ?? condition ?? '']
    .filter((text) => text !== '')
    .map((text) => text.trim());
  if (count !== undefined) {
    const what = count.distinct === undefined ? 'events' : `different ${count.distinct}`;
    lines.push(`at least ${count.at_least} ${what} within ${count.within}`);
  }
  if (share !== undefined) {
    const percent = Math.round(share.at_least * 1000) / 10;
    lines.push(
      `of at least ${share.min_events} events within ${share.within}, ${percent} % with: ${share.of}`,
    );
  }
  if (firstSeen !== undefined) {
    lines.push(`for the first time in ${firstSeen.within}: ${firstSeen.by.join(', ')}`);
  }
  sequence?.forEach((step, i) => {
    lines.push(`${i === 0 ? 'first' : 'then'}: ${step.condition.trim()}`);
  });
  if (within !== undefined) lines.push(`all within ${within}`);
  return lines.join('\n');
}
