const FORM =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))? ?(?:([Zz]|UTC)|([+-])(\d\d):?(\d\d)?)?$/;

const EARLIEST = Date.UTC(1990, 0, 1);
const LATEST = Date.UTC(2201, 0, 1);

/**
 * Epoch milliseconds of an event's time, or undefined if it is none. Takes ISO 8601 with "T" or a
 * space, any number of fractional digits (cut to milliseconds), "Z", "UTC", an offset, or nothing,
 * which counts as UTC; and numbers, or texts of digits, of epoch seconds (below 10¹¹) or
 * milliseconds. Days that do not exist, and years outside 1990 to 2200, are no time.
 */
export function parseEventTime(text: string | number): number | undefined {
  if (typeof text === 'number') return fromEpoch(text);
  const parts = FORM.exec(text.trim());
  if (parts === null) return /^\d{9,13}(\.\d+)?$/.test(text) ? fromEpoch(Number(text)) : undefined;
  const [, year, month, day, hour, minute, second] = parts.map(Number) as [
    number,
    ...[number, number, number, number, number, number],
  ];
  if (hour > 23 || minute > 59 || second > (minute === 59 ? 60 : 59)) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const fraction = Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0'));
  let time = date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
  if (parts[9] !== undefined) {
    const hours = Number(parts[10]);
    const minutes = Number(parts[11] ?? 0);
    if (hours > 18 || minutes > 59) return undefined;
    time -= (parts[9] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
  }
  return within(time);
}

/** The canonical text of a time: whole seconds as CloudTrail writes them, else with milliseconds. */
export function formatEventTime(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

/** True for a time, in epoch milliseconds, of the years 1990 to 2200. */
export function isEventTime(time: number): boolean {
  return time >= EARLIEST && time < LATEST;
}

function fromEpoch(value: number): number | undefined {
  return within(Math.floor(value < 1e11 ? value * 1000 : value));
}

function within(time: number): number | undefined {
  return isEventTime(time) ? time : undefined;
}
