import {useSyncExternalStore} from 'react';
import type {Me, UiSettings} from '../../api/types.ts';
import {ApiFailure, getJson, setCsrf, whenUnauthenticated} from './api.ts';
import {live} from './live.ts';

/** Who is here, and what the pages must know first. */
export type Session =
  | {readonly state: 'loading'}
  | {readonly state: 'login'}
  | {readonly state: 'failed'; readonly failure: ApiFailure}
  | {readonly state: 'ready'; readonly me: Me; readonly settings: UiSettings};

let session: Session = {state: 'loading'};
const listeners = new Set<() => void>();
const RETRY_MS = 2_000;
const UNTOLD: UiSettings = {version: '', thresholds: [], contexts: []};

function set(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

whenUnauthenticated(() => {
  live.stop();
  if (session.state !== 'login') set({state: 'login'});
});

export async function openSession(): Promise<void> {
  try {
    const me = await getJson<Me>('/api/v1/me');
    setCsrf(me.csrf);
    // A busy service may be slow to tell of itself: the pages need not wait for that.
    set({state: 'ready', me, settings: UNTOLD});
    live.start();
    void loadSettings();
  } catch (error) {
    if (session.state === 'login' && error instanceof ApiFailure && error.status === 401) return;
    const failure =
      error instanceof ApiFailure ? error : new ApiFailure(0, 'unreadable', String(error));
    set({state: 'failed', failure});
    setTimeout(() => void openSession(), RETRY_MS);
  }
}

async function loadSettings(): Promise<void> {
  try {
    const settings = await getJson<UiSettings>('/api/v1/ui-settings');
    if (session.state === 'ready') set({...session, settings});
  } catch {
    setTimeout(() => void loadSettings(), RETRY_MS);
  }
}

export function useSession(): Session {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => session,
  );
}

/** Lines of the plot when the service tells none. */
const THRESHOLDS: readonly [number, number] = [0.95, 0.99];

/** The scores from which somebody is told, and from which somebody is woken. */
export function useThresholds(): readonly [number, number] {
  const now = useSession();
  if (now.state !== 'ready') return THRESHOLDS;
  const told = [...now.settings.thresholds].sort((a, b) => a - b);
  if (told.length === 0) return THRESHOLDS;
  const [low = THRESHOLDS[0], high = low] = told;
  return low === THRESHOLDS[0] && high === THRESHOLDS[1] ? THRESHOLDS : [low, high];
}

/** Whether the reader may do what needs an analyst. */
export function useMayAct(): boolean {
  const now = useSession();
  return now.state === 'ready' && now.me.role !== 'viewer';
}
