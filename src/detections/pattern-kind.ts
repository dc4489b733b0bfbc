import {z} from 'zod';
import {conditionEvaluator} from './condition/evaluator.ts';
import type {Condition} from './condition/language.ts';
import {builtOf, optionsOf, textOf} from './condition-kind.ts';
import type {KindPart, Remark} from './kind.ts';
import {compileFilter} from './pattern/filter.ts';
import type {DeclaredWhen} from './schema.ts';

/** `pattern: '{ … }'`: events that the filter matches; each, or so many within a window. */
export const patternKind: KindPart<string> = {
  schema: z.string().min(1),
  build(when, setup) {
    const given = when as DeclaredWhen;
    const compiled = compileFilter(given.pattern ?? '');
    if (!compiled.ok) return {ok: false, faults: compiled.problems.map(atPattern)};
    const {filter} = compiled;
    const condition: Condition = {
      source: filter.text,
      needs: filter.needs,
      holds: (event) => filter.matches(event),
    };
    const text = textOf({...given, pattern: filter.text});
    const built = builtOf(conditionEvaluator({...optionsOf(given, setup), condition}), text);
    if (!built.ok) return built;
    const warnings = filter.warnings.map(({span, message}) =>
      atPattern({index: span.start, message}),
    );
    return {...built, warnings};
  },
};

function atPattern({index, message}: {readonly index: number; readonly message: string}): Remark {
  return {path: ['pattern'], index, message};
}
