import {z} from 'zod';
import type {EventField} from '../event/fields.ts';
import {EachEvaluator} from './each-evaluator.ts';
import type {DetectionEvent} from './event.ts';
import type {KindPart} from './kind.ts';
import {compileFilter} from './pattern/filter.ts';

/** `pattern: '{ … }'`: each event that the filter matches is a hit. */
export const patternKind: KindPart<string> = {
  schema: z.string().min(1),
  build(when, {groupBy = ['principal']}) {
    const compiled = compileFilter(when.pattern as string);
    if (!compiled.ok) {
      const faults = compiled.problems.map(({index, message}) => ({
        path: ['pattern'],
        index,
        message,
      }));
      return {ok: false, faults};
    }
    if (when.count !== undefined) {
      return {ok: false, faults: [{path: ['count'], message: 'This is not in this build'}]};
    }
    const {filter} = compiled;
    const group = (event: DetectionEvent) =>
      groupBy.map((name) => event.components[name as EventField] ?? '-');
    return {
      ok: true,
      evaluator: () => new EachEvaluator(filter.needs, (event) => filter.matches(event), group),
      needs: filter.needs,
      condition: filter.text,
      groupBy,
      warnings: filter.warnings.map(({span, message}) => ({
        path: ['pattern'],
        index: span.start,
        message,
      })),
    };
  },
};
