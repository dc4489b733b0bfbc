import {useSyncExternalStore} from 'react';

const NARROW = matchMedia('(max-width: 760px)');

/** Whether the window is as narrow as a phone, followed as it changes. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      NARROW.addEventListener('change', listener);
      return () => NARROW.removeEventListener('change', listener);
    },
    () => NARROW.matches,
  );
}
