import type {ASTNode} from '@marcbachmann/cel-js';
import {EVENT_FIELDS, type EventField} from '../../event/fields.ts';
import type {DetectionEvent} from '../event.ts';
import {ask, type Part} from './needs.ts';

/** Texts of a component whose answers are remembered; then all are forgotten. */
const MAX_TEXTS = 10_000;

const FIELDS: ReadonlySet<string> = new Set(EVENT_FIELDS);

/** Whether it is certain, by one component alone, that a condition is false for an event. */
export type Miss = (event: DetectionEvent) => boolean;

/**
 * The parts of a condition that are joined by && and look at one component each. Components have
 * few different texts, so each part is evaluated once for each of them: most events are let go
 * without running the condition.
 *
 * @param partOf as of `needsOf`
 */
export function missesOf(
  ast: ASTNode,
  partOf: (node: ASTNode) => Part | undefined,
): readonly Miss[] {
  if (ast.op === '&&') {
    return [...missesOf(ast.args[0], partOf), ...missesOf(ast.args[1], partOf)];
  }
  const asked = new Set<string>();
  ask(ast, asked);
  const [field = ''] = asked;
  if (asked.size !== 1 || !FIELDS.has(field)) return [];
  const part = partOf(ast);
  return part === undefined ? [] : [remembered(field as EventField, part)];
}

function remembered(field: EventField, part: Part): Miss {
  const known = new Map<string, boolean>();
  return (event) => {
    const text = event.components[field];
    let isMiss = known.get(text);
    if (isMiss === undefined) {
      isMiss = part(event) === false;
      if (known.size >= MAX_TEXTS) known.clear();
      known.set(text, isMiss);
    }
    return isMiss;
  };
}
