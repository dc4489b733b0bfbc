import {useSyncExternalStore} from 'react';
import type {Zone} from '../report/format.ts';

export type Theme = 'system' | 'dark' | 'light';

export interface Preferences {
  readonly theme: Theme;
  readonly zone: Zone;
}

const KEY = 'oddtrail.preferences';
const listeners = new Set<() => void>();
let preferences = read();

/** What this browser remembers; what it must not be told is as unless told. */
function read(): Preferences {
  let stored: Partial<Record<keyof Preferences, unknown>> = {};
  try {
    stored = JSON.parse(localStorage.getItem(KEY) ?? '{}') ?? {};
  } catch {
    // Storage may be forbidden, or hold what is not ours.
  }
  return {
    theme: stored.theme === 'dark' || stored.theme === 'light' ? stored.theme : 'system',
    zone: stored.zone === 'local' ? 'local' : 'utc',
  };
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, () => preferences);
}

export function prefer(change: Partial<Preferences>): void {
  preferences = {...preferences, ...change};
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // Then it holds until the next load.
  }
  applyTheme();
  for (const listener of listeners) listener();
}

export function applyTheme(): void {
  const {theme} = preferences;
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

const DARK = matchMedia('(prefers-color-scheme: dark)');
DARK.addEventListener('change', () => {
  for (const listener of listeners) listener();
});

export function isDark(): boolean {
  return preferences.theme === 'system' ? DARK.matches : preferences.theme === 'dark';
}

/** Whether the page is dark, followed as it changes. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, isDark);
}

/** From dark to light or back, whatever made it what it is. */
export function switchTheme(): void {
  prefer({theme: isDark() ? 'light' : 'dark'});
}

export function switchZone(): void {
  prefer({zone: preferences.zone === 'utc' ? 'local' : 'utc'});
}
