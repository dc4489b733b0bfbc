import {valueAt} from './json.ts';
import type {ScanField} from './scan-spec.ts';

/** The text at a path of a parsed record, '' if there is none: strings, and "true" and "false". */
export function textAt(record: object, path: readonly string[]): string {
  const value = valueAt(record, path);
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}

/** The text of one field of a parsed record, '' if absent, as `FieldMode` describes it. */
export function textOfField(record: object, {path, mode}: ScanField): string {
  if (mode === 'range' || mode === 'accessKey') return '';
  const text = textAt(record, path);
  const slash = mode === 'prefix' ? text.indexOf('/') : -1;
  return slash < 0 ? text : text.slice(0, slash + 1);
}
