import {z} from 'zod';
import {CompositeAlarm} from './alarm/composite.ts';
import {compileComposite} from './alarm/composite-expression.ts';
import type {KindPart} from './kind.ts';

/** `composite: 'ALARM("a") AND …'`: an alarm over the states of alarms. */
export const compositeKind: KindPart<string> = {
  schema: z.string().min(1).max(10_240),
  build(when, {groupBy = []}) {
    const text = when.composite as string;
    const compiled = compileComposite(text);
    const faults = [
      ...(compiled.ok
        ? []
        : compiled.problems.map(({offset, message}) => ({
            path: ['composite'],
            index: offset,
            message,
          }))),
      ...(groupBy.length === 0 ? [] : [{path: ['group_by'], message: 'A composite has no groups'}]),
    ];
    if (faults.length > 0 || !compiled.ok) return {ok: false, faults};
    const {rule} = compiled;
    const make = () => new CompositeAlarm(rule);
    return {
      ok: true,
      evaluator: make,
      needs: make().needs,
      condition: text.trim(),
      groupBy,
      facts: ['reason', 'alarms', 'drill'],
      warnings: [],
      refersTo: rule.ids.map((id) => ({
        id,
        path: ['composite'],
        index: placeOf(text, id),
        message: '',
      })),
    };
  },
};

/** Where an alarm is named: in quotes mostly. */
function placeOf(text: string, id: string): number {
  const quoted = text.search(new RegExp(`["']${id.replace(/[^a-z0-9-]/g, '\\$&')}["']`));
  return quoted >= 0 ? quoted + 1 : Math.max(0, text.indexOf(id));
}
