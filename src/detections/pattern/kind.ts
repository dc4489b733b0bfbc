import {z} from 'zod';
import {durationMs} from '../duration.ts';
import type {KindPart, Remark} from '../kind.ts';
import {compileGroupBy, MAX_COUNT, patternEvaluator} from './evaluator.ts';
import {compileFilter} from './filter.ts';

/** Whose matches belong together unless the detection says otherwise. */
const DEFAULT_GROUP_BY = ['principal'];

interface PatternWhen {
  readonly pattern: string;
  readonly count?: {
    readonly at_least: number;
    readonly within: string;
    readonly distinct?: string;
  };
}

/** `when: {pattern: '{ … }'}`, with `count` where a single match is too little. */
export const PATTERN_KIND: KindPart<string> = {
  schema: z.string().min(1),
  build(when, {groupBy = DEFAULT_GROUP_BY}) {
    // The schema of a `when` has been passed.
    const {pattern, count} = when as unknown as PatternWhen;
    const faults: Remark[] = [];
    const compiled = compileFilter(pattern);
    if (!compiled.ok) {
      faults.push(...compiled.problems.map((each) => ({path: ['pattern'], ...each})));
    }
    const group = compileGroupBy(groupBy);
    if (!group.ok) {
      for (const {index, message, position} of group.problems) {
        faults.push({
          path: [],
          message: `group_by ${position + 1}, character ${index + 1}: ${message}`,
        });
      }
    }
    if (count?.distinct !== undefined) {
      faults.push({path: ['count', 'distinct'], message: 'Of a `condition` alone'});
    }
    if (count !== undefined && count.at_least > MAX_COUNT) {
      faults.push({path: ['count', 'at_least'], message: `At most ${MAX_COUNT} for a pattern`});
    }
    if (!compiled.ok || !group.ok || faults.length > 0) return {ok: false, faults};

    const {filter} = compiled;
    return {
      ok: true,
      evaluator: patternEvaluator({
        filter,
        groupOf: group.groupOf,
        ...(count !== undefined && {
          count: {atLeast: count.at_least, withinMs: durationMs(count.within)},
        }),
      }),
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
