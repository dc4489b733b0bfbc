import {valueAt} from './json.ts';
import type {ScanField} from './scan-spec.ts';

/** The text of one field of a parsed record, '' if absent, as `FieldMode` describes it. */
export function textOfField(record: object, {path, mode}: ScanField): string {
  if (mode === 'range') return '';
  const value = valueAt(record, path);
  const text = typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
  const slash = mode === 'prefix' ? text.indexOf('/') : -1;
  return slash < 0 ? text : text.slice(0, slash + 1);
}
