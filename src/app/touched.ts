import {touchedBy as touchedByRecord} from '../event/touched.ts';

/** What a record touched, as far as it says so; nothing for what is no record. */
export function touchedBy(record: unknown): readonly {kind: string; id: string}[] {
  if (typeof record !== 'object' || record === null) return [];
  return touchedByRecord(record);
}
