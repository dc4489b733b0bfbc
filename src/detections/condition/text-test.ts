import type {ASTNode} from '@marcbachmann/cel-js';
import type {Json} from '../json.ts';
import {glob} from './functions.ts';

/** Texts whose answers are remembered; then all are forgotten. */
const MAX_TEXTS = 10_000;

export type TextTest = (text: string) => boolean;

type Parameters = Readonly<Record<string, Json>>;

/**
 * What a part of a condition asks of the one component that it looks at, where that is so simple
 * that it needs neither the language nor a memory: whether it is a given text or in a given list,
 * begins or ends with a text, contains or globs it. Undefined for all else.
 */
export function textTestOf(node: ASTNode, parameters: Parameters): TextTest | undefined {
  switch (node.op) {
    case '!_': {
      const test = textTestOf(node.args, parameters);
      return test && ((text) => !test(text));
    }
    case '==':
    case '!=': {
      const [left, right] = node.args;
      const given = isComponent(left)
        ? textIn(right)
        : isComponent(right)
          ? textIn(left)
          : undefined;
      if (given === undefined) return undefined;
      return node.op === '==' ? (text) => text === given : (text) => text !== given;
    }
    case 'in': {
      const [left, right] = node.args;
      const given = isComponent(left) ? textsIn(right, parameters) : undefined;
      const set = new Set(given);
      return given && ((text) => set.has(text));
    }
    case 'call': {
      const [name, [text, pattern, ...others]] = node.args;
      if (name !== 'glob' || text === undefined || pattern === undefined) return undefined;
      if (!isComponent(text) || others.length > 0) return undefined;
      const one = textIn(pattern);
      const given = one === undefined ? textsIn(pattern, parameters) : [one];
      return given && ((of) => given.some((each) => glob(of, each)));
    }
    case 'rcall': {
      const [name, receiver, [argument, ...others]] = node.args;
      const given = argument === undefined || others.length > 0 ? undefined : textIn(argument);
      if (given === undefined || !isComponent(receiver)) return undefined;
      if (name === 'startsWith') return (text) => text.startsWith(given);
      if (name === 'endsWith') return (text) => text.endsWith(given);
      return name === 'contains' ? (text) => text.includes(given) : undefined;
    }
    default:
      return undefined;
  }
}

/** Asks once for each text; components have few different ones. */
export function remembered<Answer extends boolean | null>(
  ask: (text: string) => Answer,
): (text: string) => Answer {
  const known = new Map<string, Answer>();
  return (text) => {
    let answer = known.get(text);
    if (answer === undefined) {
      answer = ask(text);
      if (known.size >= MAX_TEXTS) known.clear();
      known.set(text, answer);
    }
    return answer;
  };
}

function isComponent(node: ASTNode): boolean {
  return node.op === '.' && node.args[0].op === 'id' && node.args[0].args === 'event';
}

/** The texts of a list that is written out, or that is a parameter. */
function textsIn(node: ASTNode, parameters: Parameters): readonly string[] | undefined {
  if (node.op === 'list') {
    const texts = node.args.flatMap((each) => textIn(each) ?? []);
    return texts.length === node.args.length ? texts : undefined;
  }
  if (node.op !== '.' || node.args[0].op !== 'id' || node.args[0].args !== 'params') {
    return undefined;
  }
  const list = parameters[node.args[1]];
  if (!Array.isArray(list)) return undefined;
  return list.every((each): each is string => typeof each === 'string') ? list : undefined;
}

function textIn(node: ASTNode): string | undefined {
  return node.op === 'value' && typeof node.args === 'string' ? node.args : undefined;
}
