import {useSyncExternalStore} from 'react';

/** Where the reader is: all that a link can hold. */
export interface Place {
  readonly path: string;
  /** With its "?", or "". */
  readonly search: string;
}

/** Browsers refuse more than about a hundred changes of the address in half a minute. */
const SETTLE_MS = 200;

const listeners = new Set<() => void>();
let place = read();
let pending: ReturnType<typeof setTimeout> | undefined;
/** What to ask before the page is left. */
let guard: string | undefined;

function read(): Place {
  return {path: location.pathname, search: location.search};
}

function tell(): void {
  for (const listener of listeners) listener();
}

function settle(): void {
  if (pending === undefined) return;
  clearTimeout(pending);
  pending = undefined;
  history.replaceState(null, '', place.path + place.search);
}

window.addEventListener('popstate', () => {
  clearTimeout(pending);
  pending = undefined;
  if (!mayLeave()) {
    // The browser has gone already: back to where one was.
    history.pushState(null, '', place.path + place.search);
    return;
  }
  place = read();
  tell();
});
window.addEventListener('beforeunload', (event) => {
  if (guard !== undefined) event.preventDefault();
});
window.addEventListener('pagehide', settle);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Asks before the page is left, until the returned function is called. */
export function guardLeaving(question: string): () => void {
  guard = question;
  return () => {
    guard = undefined;
  };
}

function mayLeave(): boolean {
  return guard === undefined || confirm(guard);
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, currentPlace);
}

export function currentPlace(): Place {
  return place;
}

/**
 * Goes to a path with its query. `replace` leaves no step to go back to, and writes the address a
 * moment later, so that it may be called as fast as keys repeat.
 */
export function go(to: string, {replace = false} = {}): void {
  const at = to.indexOf('?');
  const next = at < 0 ? {path: to, search: ''} : {path: to.slice(0, at), search: to.slice(at)};
  if (next.path === place.path && next.search === place.search) return;
  if (!mayLeave()) return;
  if (replace) {
    place = next;
    pending ??= setTimeout(settle, SETTLE_MS);
  } else {
    settle();
    const moved = next.path !== place.path;
    place = next;
    history.pushState(null, '', to);
    if (moved) scrollTo(0, 0);
  }
  tell();
}

export function observationPath(id: number): string {
  return `/observations/${id}`;
}

/** Names hold slashes and dots; a dot would make the path look like that of a file. */
export function principalPath(name: string): string {
  return `/principals/${encodeURIComponent(name).replaceAll('.', '%2E')}`;
}
