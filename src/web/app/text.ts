import {formatTime, type Zone} from '../report/format.ts';

// Characters that turn text around, hide it or break its line: a name from a log may hold them.
const HIDDEN = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text of a log so that nothing of it is unseen: what has no shape of its own is spelt out. */
export function visible(text: string): string {
  return text.replace(
    HIDDEN,
    (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );
}

/** "raul" for "123456789012:user/raul": the part that a person would say. */
export function shortPrincipal(principal: string): string {
  if (principal.startsWith('person/')) return principal.split('/')[1] || principal;
  if (principal.startsWith('service/')) return principal.slice('service/'.length);
  const own = /^([^:/]*):(.+)$/.exec(principal);
  if (own?.[2] === undefined) return principal;
  const name = own[2];
  if (name === 'root' || name === 'account') return `${name} ${own[1]}`;
  const slash = name.indexOf('/');
  return slash < 0 ? name : name.slice(slash + 1) || name;
}

const HOURS = ['0–4', '4–8', '8–12', '12–16', '16–20', '20–24'];

/** A value of a component as people call it: "working days 4–8 h" for "h1". */
export function componentText(component: string, value: string): string {
  if (component === 'principal') return visible(shortPrincipal(value));
  if (component === 'hour' || component === 'time') {
    const [, part, block] = /^([hw])([0-5])$/.exec(value) ?? [];
    if (block !== undefined) {
      return `${part === 'h' ? 'working days' : 'days off'} ${HOURS[Number(block)]} h`;
    }
  }
  if (value === '-') return NOTHING[component] ?? 'none';
  return visible(value);
}

const NOTHING: Readonly<Record<string, string>> = {
  error: 'success',
  resource: 'anything unnamed',
  network: 'an unknown network',
};

/** `2026-11-22 03:04:05Z`, or the reader's own clock with its offset. */
export function formatMoment(time: number, zone: Zone): string {
  return `${formatTime(time, zone)}${zone === 'utc' ? 'Z' : ` ${offsetAt(time)}`}`;
}

/** The same without seconds: `2026-11-22 03:04Z`. */
export function formatMinute(time: number, zone: Zone): string {
  const minute = formatTime(time, zone).slice(0, 'YYYY-MM-DD hh:mm'.length);
  return `${minute}${zone === 'utc' ? 'Z' : ` ${offsetAt(time)}`}`;
}

/** `+02:00`. */
export function offsetAt(time: number): string {
  const minutes = -new Date(time).getTimezoneOffset();
  const size = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** `1.2 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `850 ms`, `12 s`, `3 min`, `5 h`, `12 d`. */
export function formatSpan(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < 1_000) return `${Math.round(span)} ms`;
  const seconds = span / 1_000;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `12.5`, `2,310`: as many digits as matter. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 100) return Math.round(perSecond).toLocaleString('en-US');
  return perSecond >= 10 ? perSecond.toFixed(1) : perSecond.toFixed(2);
}

const UNITS = [
  ['a minute', 1],
  ['an hour', 60],
  ['a day', 1_440],
  ['a week', 10_080],
] as const;

/** `5 a week` for 0.0005 a minute: by the time in which there is something to count. */
export function rateText(perMinute: number): string {
  if (!(perMinute > 0)) return 'never';
  const [unit, minutes] =
    UNITS.find(([, each]) => perMinute * each >= 1) ?? (['a week', 10_080] as const);
  const value = perMinute * minutes;
  if (value < 0.1) return `less than 0.1 ${unit}`;
  const digits = value >= 100 ? Math.round(value) : Number(value.toPrecision(2));
  return `${digits.toLocaleString('en-US')} ${unit}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many;
}
