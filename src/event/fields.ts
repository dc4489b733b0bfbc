/**
 * The components that are derived from every event, in the order of a batch's columns. The names
 * are public: contexts and detections refer to them, explanations print them.
 */
export const EVENT_FIELDS = [
  'principal',
  'kind',
  'peer',
  'account',
  'region',
  'service',
  'operation',
  'network',
  'userAgent',
  'error',
  'resource',
  'session',
  'hour',
] as const;

export type EventField = (typeof EVENT_FIELDS)[number];

/** One value per field; never empty (absent is "-"), at most `MAX_COMPONENT_LENGTH` long. */
export type Components = Readonly<Record<EventField, string>>;
