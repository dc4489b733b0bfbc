import {hash64} from '../base/hash.ts';

/** What is taken out of a record by name (see `CLOUDTRAIL_SPEC`); absent and "" are the same. */
export type Texts = Readonly<Record<string, string | undefined>>;

/** Longest component, in UTF-16 code units. */
export const MAX_COMPONENT_LENGTH = 256;

/** Stands for an absent component. */
export const NONE = '-';

/**
 * The text, or "-" if it is empty; if it is too long, its beginning and a hash of the whole, so
 * that different texts stay different.
 */
export function component(text: string, limit = MAX_COMPONENT_LENGTH): string {
  if (text === '') return NONE;
  if (text.length <= limit) return text;
  const {hi, lo} = hash64(text);
  return `${text.slice(0, limit - 17)}~${hex(hi)}${hex(lo)}`;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/** First text that is not empty, else "". */
export function first(...texts: readonly (string | undefined)[]): string {
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i];
    if (text !== undefined && text !== '') return text;
  }
  return '';
}

/** The account in an ARN ("arn:partition:service:region:ACCOUNT:resource"), or "". */
export function accountOfArn(arn: string): string {
  return arn.startsWith('arn:') ? (arn.split(':', 5)[4] ?? '') : '';
}

/** What follows the account in an ARN, or the text itself when it is no ARN. */
export function resourceOfArn(text: string): string {
  if (!text.startsWith('arn:')) return text;
  const parts = text.split(':');
  return parts.length > 5 ? parts.slice(5).join(':') : text;
}

/** What follows the last separator; the whole text if there is none or nothing follows it. */
export function lastSegment(text: string, separator = '/'): string {
  const tail = text.slice(text.lastIndexOf(separator) + 1);
  return tail === '' ? text : tail;
}
