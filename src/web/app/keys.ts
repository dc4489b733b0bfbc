import {useEffect, useRef} from 'react';

export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => void>>;

const maps: {readonly current: KeyMap}[] = [];
const CHORD_MS = 1_500;
let chord: {readonly key: string; readonly at: number} | undefined;

/** Where the key was pressed, within a shadow root as well. */
function innermost(event: KeyboardEvent): HTMLElement | undefined {
  const [target] = event.composedPath();
  return target instanceof HTMLElement ? target : undefined;
}

/** Keys that text fields and open lists need for themselves. */
function isTyping(event: KeyboardEvent): boolean {
  const target = innermost(event);
  if (target === undefined) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector('dialog[open]') !== null) return;
  if (isTyping(event)) {
    if (event.key === 'Escape') innermost(event)?.blur();
    return;
  }
  // Space and Enter belong to the button or link that has the focus.
  const onControl =
    event.target instanceof HTMLElement && event.target.closest('a, button, summary');
  if (onControl !== null && onControl !== false && /^( |Enter)$/.test(event.key)) return;
  const isSecond = chord !== undefined && event.timeStamp - chord.at < CHORD_MS;
  const key = event.key.length > 1 ? event.key.toLowerCase() : event.key;
  const name = isSecond && chord !== undefined ? `${chord.key} ${key}` : key;
  chord = undefined;
  for (const map of [...maps].reverse()) {
    const call = map.current[name];
    if (call === undefined) continue;
    event.preventDefault();
    call(event);
    return;
  }
  if (maps.some((map) => Object.keys(map.current).some((key) => key.startsWith(`${name} `)))) {
    chord = {key: name, at: event.timeStamp};
  }
}

/** Keys such as `j` and `enter`, or two in a row such as `g o`; of the same key the latest component's. */
export function useKeys(keys: KeyMap): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    if (maps.length === 0) document.addEventListener('keydown', onKey);
    maps.push(current);
    return () => {
      maps.splice(maps.indexOf(current), 1);
      if (maps.length === 0) document.removeEventListener('keydown', onKey);
    };
  }, []);
}
