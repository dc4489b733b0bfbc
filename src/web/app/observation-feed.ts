import type {Observation, Plot} from '../../api/types.ts';
import {ApiFailure, getJson, queryString} from './api.ts';
import {live} from './live.ts';
import {type Colour, PointSet} from './point-set.ts';
import {LAST_MS, type Last, type Order, passesText} from './query.ts';

/** An observation at which the rows begin, in whatever order they are. */
export interface Anchor {
  readonly id: number;
  readonly eventTime: number;
  readonly score: number;
}

/** What a feed is asked for. Another of these is loaded anew, but for `live`. */
export interface FeedQuery {
  /** As the stream takes it. */
  readonly filter: Readonly<Record<string, string | number | undefined>>;
  readonly text: string;
  readonly last: Last;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly colour: Colour;
  readonly order: Order;
}

export interface FeedState {
  /** Changes with every change of anything. */
  readonly version: number;
  readonly points: PointSet;
  /** As many as were loaded, in the order asked for. */
  readonly rows: readonly Observation[];
  /** How many observations the filter holds; undefined until known. */
  readonly total: number | undefined;
  /** Not all of them are drawn: of each stretch of time the most novel are. */
  readonly truncated: boolean;
  readonly hasMore: boolean;
  readonly loading: boolean;
  readonly failure: ApiFailure | undefined;
  /** Time of the latest event there is, whatever the filter. */
  readonly latest: number | undefined;
  /** Rows that live updates have put before the others since the last load. */
  readonly shifted: number;
  readonly following: boolean;
  /** Rows begin here, not at the first there is. */
  readonly anchor: Anchor | undefined;
  /** More comes than can be watched: loaded anew now and then instead of followed. */
  readonly hasty: boolean;
}

export const PLOT_POINTS = 120_000;
const MAX_POINTS = 240_000;
const PAGE_ROWS = 200;
const MAX_LIVE_ROWS = 20_000;
/** Events per second from which a feed is not followed one by one, and when it is again. */
const HASTY_FROM = 6_000;
const HASTY_TO = 3_000;
/** After a failure that may pass by itself. */
const RETRY_MS = 5_000;
const HASTY_RELOAD_MS = 10_000;
/** Between two updates of what is shown. */
const TELL_MS = 200;

interface Page {
  readonly rows: Observation[];
  readonly next: string | null;
}

/**
 * The observations that a page shows, as points and as rows: loaded by the filter, then followed
 * live. Nothing is missing and nothing doubled: everything stored up to some id is loaded after
 * that id is known, all later ones come from the stream, and each is taken once.
 */
export class ObservationFeed {
  #state: FeedState = {
    version: 0,
    points: new PointSet('principal'),
    rows: [],
    total: undefined,
    truncated: false,
    hasMore: false,
    loading: true,
    failure: undefined,
    latest: undefined,
    shifted: 0,
    following: true,
    anchor: undefined,
    hasty: false,
  };
  readonly #listeners = new Set<() => void>();
  #query: FeedQuery | undefined;
  #rowIds = new Set<number>();
  #next: string | null = null;
  /** Came while the load was on its way. */
  #waiting: Observation[] | undefined = [];
  #abort = new AbortController();
  #unfollow: (() => number) | undefined;
  /** All up to here was seen; -1: nothing yet. */
  #seenTo = -1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #morePending = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** The points are those of the query. */
  #loaded = false;
  #changes: Partial<FeedState> = {};
  #hasty: ReturnType<typeof setInterval> | undefined;
  #unwatch: (() => void) | undefined;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): FeedState => this.#state;

  ask(query: FeedQuery): void {
    const before = this.#query;
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(query)) return;
    this.#query = query;
    this.#changes = {...this.#changes, anchor: undefined};
    this.#unwatch ??= live.subscribe(() => this.#watchPace());
    const refilter =
      before === undefined || JSON.stringify(before.filter) !== JSON.stringify(query.filter);
    // All of the new stretch may be here already: what was loaded held every point of a longer one.
    const inside =
      before !== undefined &&
      !refilter &&
      before.text === query.text &&
      before.colour === query.colour &&
      this.#loaded &&
      !this.#current().truncated &&
      this.#covers(query);
    const onlyOrder =
      before !== undefined &&
      JSON.stringify({...before, order: query.order}) === JSON.stringify(query);
    const keeps = inside || (onlyOrder && this.#loaded);
    void this.#load(query, {refilter, points: !keeps});
  }

  /** Lets rows begin at an observation that may be far from the first; undefined: at the first. */
  beginAt(anchor: Anchor | undefined): void {
    if (this.#query === undefined || anchor?.id === this.#current().anchor?.id) return;
    this.#changes = {...this.#changes, anchor};
    void this.#load(this.#query, {refilter: false, points: false});
  }

  /** Loads all anew, as it was asked for last. */
  reload(): void {
    if (this.#query !== undefined) void this.#load(this.#query, {refilter: false, points: true});
  }

  readonly more = (): void => void this.#loadMore();

  async #loadMore(): Promise<void> {
    const query = this.#query;
    const next = this.#next;
    if (query === undefined || next === null || this.#morePending || this.#current().loading)
      return;
    this.#morePending = true;
    const {signal} = this.#abort;
    try {
      const page = await getJson<Page>(this.#rowsPath(query, next), signal);
      if (signal.aborted) return;
      const rows = [...this.#current().rows, ...this.#fresh(page.rows)];
      this.#next = page.next;
      this.#set({rows, hasMore: page.next !== null});
    } catch (error) {
      // It is asked for again when the reader comes near the end once more.
      if (!signal.aborted && error instanceof ApiFailure) this.#set({failure: error});
    } finally {
      this.#morePending = false;
    }
  }

  pause(): void {
    this.#seenTo = this.#unfollow?.() ?? this.#seenTo;
    this.#unfollow = undefined;
    this.#set({following: false});
  }

  resume(): void {
    this.#set({following: true});
    if (this.#hasty === undefined) this.#follow(this.#seenTo);
  }

  close(): void {
    this.#abort.abort();
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
    clearInterval(this.#hasty);
    this.#hasty = undefined;
    clearTimeout(this.#retry);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // A page may be shown, taken away and shown again.
    this.#query = undefined;
    this.#seenTo = -1;
  }

  /** What the points on hand hold of time. */
  #loadedRange: {from: number | undefined; to: number | undefined} = {
    from: undefined,
    to: undefined,
  };

  #covers(query: FeedQuery): boolean {
    const {from, to} = this.#rangeOf(query, this.#current().latest);
    const {from: has, to: until} = this.#loadedRange;
    return (
      (has === undefined || (from !== undefined && from >= has)) &&
      (until === undefined || (to !== undefined && to <= until))
    );
  }

  #rangeOf(query: FeedQuery, latest: number | undefined) {
    const {from, to, last} = query;
    if (from !== undefined || to !== undefined || last === '' || latest === undefined) {
      return {from, to};
    }
    return {from: latest - LAST_MS[last], to: undefined};
  }

  #filter(query: FeedQuery) {
    return {...query.filter, text: query.text, ...this.#rangeOf(query, this.#current().latest)};
  }

  #rowsPath(query: FeedQuery, cursor?: string): string {
    const paging = {order: query.order, limit: PAGE_ROWS, cursor};
    const {anchor} = this.#current();
    const filter = this.#filter(query);
    const {to = Number.POSITIVE_INFINITY} = filter;
    const begin =
      anchor === undefined
        ? {}
        : query.order === 'time'
          ? {to: Math.min(to, anchor.eventTime + 1)}
          : {maxScore: anchor.score};
    return `/api/v1/observations${queryString({...filter, ...begin, ...paging})}`;
  }

  async #load(query: FeedQuery, what: {refilter: boolean; points: boolean}): Promise<void> {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const {signal} = abort;
    this.#waiting ??= [];
    clearTimeout(this.#retry);
    if (what.points) this.#loaded = false;
    this.#set({loading: true, failure: undefined});
    this.#tell();
    try {
      if (this.#seenTo < 0) {
        this.#seenTo = live.lastId;
        if (this.#seenTo < 0) {
          const {lastId} = await getJson<{lastId: number}>('/api/v1/status', signal);
          this.#seenTo = lastId;
        }
      }
      // From here on the stream brings what is newer, however long the load takes.
      if (what.refilter && this.#current().following && this.#hasty === undefined) {
        this.#follow(this.#seenTo);
      }
      const newest = getJson<Page>('/api/v1/observations?order=time&limit=1', signal);
      const latest = (await newest).rows[0]?.eventTime;
      this.#changes = {...this.#changes, latest};
      const plotPath = `/api/v1/observations/plot${queryString({
        ...this.#filter(query),
        colour: query.colour,
        limit: PLOT_POINTS,
      })}`;
      const [page, plot] = await Promise.all([
        getJson<Page>(this.#rowsPath(query), signal),
        what.points ? getJson<Plot>(plotPath, signal) : undefined,
      ]);
      if (signal.aborted) return;
      this.#rowIds = new Set();
      const rows = this.#fresh(page.rows);
      this.#next = page.next;
      const change: Partial<FeedState> = {
        rows,
        hasMore: page.next !== null,
        loading: false,
        failure: undefined,
        shifted: 0,
      };
      if (plot !== undefined) {
        const points = new PointSet(query.colour);
        points.addPlot(plot);
        this.#loadedRange = this.#rangeOf(query, latest);
        this.#loaded = true;
        Object.assign(change, {points, total: plot.total, truncated: plot.truncated});
      } else if (!this.#current().truncated) {
        const {points} = this.#current();
        const {from, to} = this.#rangeOf(query, latest);
        const end = to === undefined ? points.count : points.firstAtOrAfter(to / 1000);
        const start = from === undefined ? 0 : points.firstAtOrAfter(from / 1000);
        Object.assign(change, {total: end - start});
      }
      this.#set(change);
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      this.#take(waiting);
      this.#tell();
    } catch (error) {
      if (signal.aborted) return;
      const failure =
        error instanceof ApiFailure ? error : new ApiFailure(0, 'unreadable', String(error));
      this.#set({loading: false, failure});
      this.#tell();
      const passes = failure.status === 0 || failure.status === 429 || failure.status >= 500;
      if (passes) this.#retry = setTimeout(() => this.reload(), RETRY_MS);
    }
  }

  #follow(after: number): void {
    const query = this.#query;
    if (query === undefined) return;
    this.#unfollow?.();
    this.#unfollow = live.follow(
      {
        filter: query.filter,
        onRows: (rows) => {
          this.#seenTo = Math.max(this.#seenTo, rows.at(-1)?.id ?? 0);
          if (this.#waiting === undefined) this.#take(rows);
          // After a failure all is loaded anew.
          else if (this.#current().failure === undefined) {
            for (const row of rows) this.#waiting.push(row);
          }
        },
        onGap: () => {
          this.#seenTo = live.lastId;
          this.reload();
        },
      },
      after,
    );
  }

  /** While a backlog is read, thousands a second come: more than anybody watches, or draws. */
  #watchPace(): void {
    const {status} = live.state();
    if (status === undefined) return;
    const {eventsPerSecond} = status;
    if (this.#hasty === undefined && eventsPerSecond > HASTY_FROM) {
      this.#seenTo = this.#unfollow?.() ?? this.#seenTo;
      this.#unfollow = undefined;
      this.#hasty = setInterval(() => {
        if (!this.#current().following || this.#current().loading) return;
        this.#seenTo = Math.max(this.#seenTo, live.lastId);
        this.reload();
      }, HASTY_RELOAD_MS);
      this.#set({hasty: true});
    } else if (this.#hasty !== undefined && eventsPerSecond < HASTY_TO) {
      clearInterval(this.#hasty);
      this.#hasty = undefined;
      this.#set({hasty: false});
      if (this.#current().following) this.#follow(this.#seenTo);
    }
  }

  #fresh(rows: readonly Observation[]): Observation[] {
    const fresh = rows.filter(({id}) => !this.#rowIds.has(id));
    for (const {id} of fresh) this.#rowIds.add(id);
    return fresh;
  }

  /** Takes what the stream brought into what is shown. */
  #take(news: readonly Observation[]): void {
    const query = this.#query;
    if (query === undefined || news.length === 0) return;
    const passing = news.filter((row) => passesText(query.text, row));
    let latest = this.#state.latest ?? 0;
    for (const {eventTime} of news) if (eventTime > latest) latest = eventTime;
    const {points} = this.#current();
    const unseen = passing.filter(({id}) => !points.has(id));
    points.addRows(unseen);
    const {from, to} = this.#rangeOf(query, latest);
    const inRange = ({eventTime}: Observation) =>
      (from === undefined || eventTime >= from) && (to === undefined || eventTime < to);
    const {anchor} = this.#current();
    const isBelow = ({eventTime, score}: Observation) =>
      anchor === undefined ||
      (query.order === 'time' ? eventTime <= anchor.eventTime : score <= anchor.score);
    const fresh = this.#fresh(passing.filter((row) => inRange(row) && isBelow(row)));
    const {rows, shifted} = this.#merge(this.#current().rows, fresh, query.order);
    const {total} = this.#current();
    this.#set({
      latest,
      rows,
      shifted: this.#current().shifted + shifted,
      // The plot tells how many there are in its stretch; those that came since are counted.
      total: total === undefined ? undefined : total + unseen.filter(inRange).length,
    });
    if (points.count > MAX_POINTS || rows.length > MAX_LIVE_ROWS) this.reload();
  }

  #merge(
    rows: readonly Observation[],
    fresh: Observation[],
    order: Order,
  ): {rows: readonly Observation[]; shifted: number} {
    if (fresh.length === 0) return {rows, shifted: 0};
    const compare =
      order === 'time'
        ? (a: Observation, b: Observation) => b.eventTime - a.eventTime || b.id - a.id
        : (a: Observation, b: Observation) => b.score - a.score || b.id - a.id;
    fresh.sort(compare);
    const last = rows.at(-1);
    const merged: Observation[] = [];
    let i = 0;
    for (const row of fresh) {
      while (i < rows.length && compare(rows[i] as Observation, row) < 0) {
        merged.push(rows[i++] as Observation);
      }
      // What lies beyond the rows loaded comes with a later page.
      if (i >= rows.length && this.#next !== null && last !== undefined) {
        this.#rowIds.delete(row.id);
        continue;
      }
      merged.push(row);
    }
    const shifted = merged.length - i;
    while (i < rows.length) merged.push(rows[i++] as Observation);
    return {rows: merged, shifted: Math.max(0, shifted)};
  }

  #current(): FeedState {
    return {...this.#state, ...this.#changes};
  }

  #set(change: Partial<FeedState>): void {
    this.#changes = {...this.#changes, ...change};
    this.#timer ??= setTimeout(() => this.#tell(), TELL_MS);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#state = {...this.#state, ...this.#changes, version: this.#state.version + 1};
    this.#changes = {};
    for (const listener of this.#listeners) listener();
  }
}
