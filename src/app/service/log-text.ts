/** Keys of a line that are told by themselves. */
const OWN = new Set(['level', 'time', 'msg']);
/** Whatever could begin a line or steer a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A line of the log, JSON, as people like to read it: `12:30:01 warn  message  key=value`. */
export function logText(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const {level, time, msg} = entry;
  const facts = Object.entries(entry)
    .filter(([key]) => !OWN.has(key))
    .map(([key, value]) => `  ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const head = `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${String(msg ?? '')}`;
  return `${(head + facts.join('')).replace(UNSAFE, '\uFFFD')}\n`;
}
