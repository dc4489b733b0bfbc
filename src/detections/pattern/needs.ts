import type {Needs} from '../evaluator.ts';
import type {Pattern} from './ast.ts';

export function needsOf(_pattern: Pattern): Needs {
  return {};
}
