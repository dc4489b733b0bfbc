import {useCallback, useEffect, useRef, useState} from 'react';
import {ApiFailure, getJson} from './api.ts';

export interface Fetched<T> {
  /** The latest answer for this path; stays while it is asked for again. */
  readonly data: T | undefined;
  readonly failure: ApiFailure | undefined;
  readonly loading: boolean;
  reload(): void;
}

interface Answer<T> {
  readonly path: string | undefined;
  readonly data?: T | undefined;
  readonly failure?: ApiFailure | undefined;
}

/** What the service says at `path`; asked again every so many milliseconds if told so. */
export function useFetch<T>(path: string | undefined, every?: number): Fetched<T> {
  const [answer, setAnswer] = useState<Answer<T>>({path: undefined});
  const [round, setRound] = useState(0);
  const running = useRef(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks for the same once more.
  useEffect(() => {
    if (path === undefined) return;
    const abort = new AbortController();
    running.current = true;
    getJson<T>(path, abort.signal)
      .then(
        (data) => setAnswer({path, data}),
        (error: unknown) => {
          if (abort.signal.aborted) return;
          const failure =
            error instanceof ApiFailure ? error : new ApiFailure(0, 'unreadable', String(error));
          setAnswer((before) => ({
            path,
            failure,
            ...(before.path === path ? {data: before.data} : {}),
          }));
        },
      )
      .finally(() => {
        running.current = false;
      });
    return () => abort.abort();
  }, [path, round]);

  const reload = useCallback(() => setRound((before) => before + 1), []);
  useEffect(() => {
    if (every === undefined) return;
    const timer = setInterval(() => {
      if (!running.current && document.visibilityState === 'visible') reload();
    }, every);
    return () => clearInterval(timer);
  }, [every, reload]);

  const current = answer.path === path;
  return {
    data: current ? answer.data : undefined,
    failure: current ? answer.failure : undefined,
    loading: path !== undefined && !current,
    reload,
  };
}
