import type {Path} from '../../config/parse.ts';
import type {Json} from '../json.ts';

/** Why a rule cannot be run, and where in it. */
export interface Fault {
  /** From the rule on. */
  readonly path: Path;
  /** Of the character in the text at `path`, where it is a text. */
  readonly index?: number;
  /** It is the key at the end of `path` that is wrong, not what stands under it. */
  readonly key?: true;
  readonly message: string;
}

export type JsonMap = Readonly<Record<string, Json>>;

export function isJsonMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As people read it in a message: short, and with its quotes if it is a text. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
