import {component} from '../event/text.ts';
import type {StreamField} from './stream.ts';

/** Patterns look no further into a value: what takes them quadratic time stays quick. */
const MATCHED_LENGTH = 1_024;

/**
 * Turns a JSON value into a component's text: numbers by bucket, texts by pattern and segments;
 * "" for what is absent, and a hash where it is too long for a component. Special kinds (`network`, `user-agent`) are left to the caller.
 */
export function componentText(value: unknown, field: StreamField): string {
  let text: string;
  if (typeof value === 'number')
    text = field.bucket === undefined ? String(value) : bucketOf(value, field.bucket);
  else if (typeof value === 'string') {
    const number = field.bucket === undefined || value.trim() === '' ? Number.NaN : Number(value);
    text =
      Number.isNaN(number) || field.bucket === undefined ? value : bucketOf(number, field.bucket);
  } else if (typeof value === 'boolean') text = String(value);
  else return '';
  if (field.pattern !== undefined) {
    const match = patternOf(field.pattern).exec(text.slice(0, MATCHED_LENGTH));
    if (match !== null) text = match[1] ?? match[0];
  }
  if (field.segments !== undefined) text = text.split('/').slice(0, field.segments).join('/');
  if (field.as === 'lower') text = text.toLowerCase();
  return text === '' ? '' : component(text);
}

const patterns = new Map<string, RegExp>();

function patternOf(source: string): RegExp {
  let pattern = patterns.get(source);
  if (pattern === undefined) {
    pattern = new RegExp(source, 'u');
    patterns.set(source, pattern);
  }
  return pattern;
}

function bucketOf(value: number, bucket: NonNullable<StreamField['bucket']>): string {
  if (!Number.isFinite(value)) return 'not finite';
  if (bucket === 'log2') {
    if (value === 0) return '0';
    const exponent = Math.floor(Math.log2(Math.abs(value)));
    const low = 2 ** exponent;
    return value > 0 ? `${low}–${low * 2}` : `-${low * 2}–-${low}`;
  }
  if ('width' in bucket) {
    const low = Math.floor(value / bucket.width) * bucket.width;
    return `${low}–${low + bucket.width}`;
  }
  const edges = [...bucket.edges].sort((a, b) => a - b);
  const above = edges.findIndex((edge) => value < edge);
  if (above === 0) return `below ${edges[0]}`;
  if (above === -1) return `${edges.at(-1)} and above`;
  return `${edges[above - 1]}–${edges[above]}`;
}
