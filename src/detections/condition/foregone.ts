import type {ASTNode} from '@marcbachmann/cel-js';
import type {EventField} from '../../event/fields.ts';
import type {DetectionEvent} from '../event.ts';
import {ask, eventWith, isField, type Parts} from './needs.ts';
import {remembered, type TextTest} from './text-test.ts';

/** What a condition gives for an event, where that is certain without running it. */
export type Foregone = (event: DetectionEvent) => boolean | undefined;

/** What certain parts give for a text of the component they look at; null if not true or false. */
type Told = boolean | null;

interface ComponentPart {
  readonly run: (text: string) => unknown;
  readonly test: TextTest | undefined;
}

/**
 * The parts of a condition that are joined by && and look at one component each, or at none.
 * Components have few different texts, so these parts are evaluated once for each of them: most
 * events are let go without running the condition, and one that has no other parts is never run.
 *
 * @param parts as of `needsOf`
 */
export function foregoneOf(ast: ASTNode, {partOf, testOf}: Parts): Foregone {
  const byField = new Map<EventField, ComponentPart[]>();
  let isWhole = true;
  for (const node of joinedIn(ast)) {
    const asked = new Set<string>();
    ask(node, asked);
    const [field, ...others] = asked;
    const part = others.length === 0 ? partOf(node) : undefined;
    if (part !== undefined && field === undefined) {
      const result = part(eventWith({}));
      if (result === false) return () => false;
      if (result !== true) isWhole = false;
    } else if (part !== undefined && field !== undefined && isField(field)) {
      const run = (text: string) => part(eventWith({[field]: text}));
      byField.set(field, [...(byField.get(field) ?? []), {run, test: testOf(node)}]);
    } else isWhole = false;
  }
  const told = [...byField].map(([field, parts]) => ({field, of: toldBy(parts)}));
  return (event) => {
    let all = isWhole;
    for (const {field, of} of told) {
      const one = of(event.components[field]);
      // What is false and anything else is false, whatever that would give.
      if (one === false) return false;
      if (one === null) all = false;
    }
    return all ? true : undefined;
  };
}

function joinedIn(node: ASTNode): readonly ASTNode[] {
  return node.op === '&&' ? [...joinedIn(node.args[0]), ...joinedIn(node.args[1])] : [node];
}

/** What the parts that look at one component give together, by its text. */
function toldBy(parts: readonly ComponentPart[]): (text: string) => Told {
  const tests = parts.flatMap(({test}) => test ?? []);
  if (tests.length === parts.length) return (text) => tests.every((test) => test(text));
  return remembered((text) => {
    const results = parts.map(({run}) => run(text));
    return results.includes(false) ? false : results.every((one) => one === true) || null;
  });
}
