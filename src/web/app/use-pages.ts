import {useState} from 'react';
import {ApiFailure, getJson} from './api.ts';
import {useFetch} from './use-fetch.ts';

interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

export interface Pages<Row> {
  /** Of the first page and those asked for since; empty until there are any. */
  readonly rows: readonly Row[];
  readonly loaded: boolean;
  readonly hasMore: boolean;
  readonly failure: ApiFailure | undefined;
  loadMore(): Promise<void>;
  reload(): void;
}

/**
 * A list that the service gives page by page; `path` has a query already, undefined: not to be asked
 * yet. What is new comes on top and moves rows on: those that were shown stay, each once.
 */
export function usePages<Row>(
  path: string | undefined,
  keyOf: (row: Row) => string | number,
  every?: number,
): Pages<Row> {
  const first = useFetch<Page<Row>>(path, every);
  const [more, setMore] = useState<{readonly path: string | undefined} & Page<Row>>();
  const [failure, setFailure] = useState<{
    readonly path: string | undefined;
    readonly of: ApiFailure;
  }>();
  const own = more?.path === path ? more : undefined;
  const next = (own ?? first.data)?.next ?? null;
  const newest = first.data?.rows ?? [];
  const fresh = new Set(newest.map(keyOf));
  const rows = [...newest, ...(own?.rows ?? []).filter((row) => !fresh.has(keyOf(row)))];
  const loadMore = async () => {
    if (next === null) return;
    try {
      const page = await getJson<Page<Row>>(`${path}&cursor=${encodeURIComponent(next)}`);
      // With the rows of the first page as they are now.
      setMore({path, rows: [...rows, ...page.rows], next: page.next});
      setFailure(undefined);
    } catch (error) {
      if (error instanceof ApiFailure) setFailure({path, of: error});
    }
  };
  return {
    rows,
    loaded: first.data !== undefined,
    hasMore: next !== null,
    failure:
      first.failure ?? (failure !== undefined && failure.path === path ? failure.of : undefined),
    loadMore,
    reload() {
      setFailure(undefined);
      first.reload();
    },
  };
}
