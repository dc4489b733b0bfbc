/**
 * Which objects a scanner takes for plain CloudTrail records. Everything else is `not-understood`
 * and left to the code that knows the wrappers records travel in.
 */

/** Keys that must be there, with a string. */
export const REQUIRED_STRINGS: readonly string[] = ['eventSource', 'eventName'];

/** Keys that must be there, with whatever value. */
export const REQUIRED_KEYS: readonly string[] = ['eventTime'];

/** Keys that only wrappers and other kinds of record have. */
export const REFUSED_KEYS: readonly string[] = [
  'Records',
  'records',
  'Events',
  'CloudTrailEvent',
  'detail',
  'logEvents',
  'awslogs',
  'digestStartTime',
  'insightDetails',
  'aws',
  'Message',
  'body',
  '_source',
  'message',
];

/** Keys whose text must not contain the other text (1 to 8 bytes of ASCII). */
export const REFUSED_TEXTS: readonly (readonly [key: string, contained: string])[] = [
  ['eventCategory', 'Insight'],
  ['eventType', 'Insight'],
];

/** How access keys begin that are never issued by a call; four bytes of ASCII. */
export const LONG_TERM_KEY = 'AKIA';

export function isPlainRecord(record: object): boolean {
  for (const key of REQUIRED_STRINGS) {
    if (typeof ownValue(record, key) !== 'string') return false;
  }
  for (const key of REQUIRED_KEYS) if (!Object.hasOwn(record, key)) return false;
  for (const key of REFUSED_KEYS) if (Object.hasOwn(record, key)) return false;
  for (const [key, contained] of REFUSED_TEXTS) {
    const value = ownValue(record, key);
    if (typeof value === 'string' && value.includes(contained)) return false;
  }
  return true;
}

/** The value of an own key; keys such as `__proto__` are as good as any other. */
export function ownValue(container: object, key: string): unknown {
  return Object.hasOwn(container, key) ? (container as Record<string, unknown>)[key] : undefined;
}
