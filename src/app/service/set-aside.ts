import type {DeadLetter} from '../../pipeline/observation.ts';
import type {Entry} from './entries.ts';

export function poisonLetters(entry: Extract<Entry, {kind: 'batch'}>): DeadLetter[] {
  return entry.poison.map(({name, detail}) => setAside(entry, name, 0, detail));
}

export function setAside(
  {source, arrived}: Extract<Entry, {kind: 'batch'}>,
  object: string,
  length: number,
  detail: string,
): DeadLetter {
  const reason = 'poison_message';
  return {at: arrived, source, object, reason, index: -1, offset: 0, length, detail};
}
