import type {Pattern, Span} from './ast.ts';

/** What a pattern will not do as its author may think. */
export interface PatternWarning {
  readonly span: Span;
  readonly message: string;
}

export function lintPattern(_pattern: Pattern, _text: string): PatternWarning[] {
  return [];
}
