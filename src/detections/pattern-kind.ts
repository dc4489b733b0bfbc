import {z} from 'zod';
import {conditionEvaluator} from './condition/evaluator.ts';
import type {Condition} from './condition/language.ts';
import {builtOf, optionsOf, textOf} from './condition-kind.ts';
import type {KindPart, Remark} from './kind.ts';
import {compileFilter, type Filter} from './pattern/filter.ts';
import type {DeclaredWhen} from './schema.ts';

/** `pattern: '{ … }'`: events that the filter matches; each, or so many within a window. */
export const patternKind: KindPart<string> = {
  schema: z.string().min(1),
  build(when, setup) {
    const given = when as DeclaredWhen;
    const compiled = compileFilter(given.pattern ?? '');
    const condition = compiled.ok ? conditionOf(compiled.filter) : NEVER;
    const text = textOf({...given, pattern: condition.source});
    // Even of a pattern that is none, so that all that is wrong is told at once.
    const built = builtOf(conditionEvaluator({...optionsOf(given, setup), condition}), text);
    if (!compiled.ok) {
      const faults = compiled.problems.map(atPattern);
      return {ok: false, faults: built.ok ? faults : [...faults, ...built.faults]};
    }
    if (!built.ok) return built;
    const {filter} = compiled;
    const warnings = filter.warnings.map(({span, message}) =>
      atPattern({index: span.start, message}),
    );
    return {...built, warnings};
  },
};

const NEVER: Condition = {source: '', needs: {}, holds: () => false};

function conditionOf(filter: Filter): Condition {
  const {text, needs} = filter;
  return {source: text, needs, holds: (event) => filter.matches(event)};
}

function atPattern({index, message}: {readonly index: number; readonly message: string}): Remark {
  return {path: ['pattern'], index, message};
}
