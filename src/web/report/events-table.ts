import {scoreText} from '../../base/score-text.ts';
import type {PageData, ReportEvent} from './data.ts';
import {breakable, button, element} from './dom.ts';
import {explanationOf, whyOf} from './explanation.ts';
import {formatCount, formatTime, type Zone} from './format.ts';
import type {Query} from './query.ts';
import {levelOf} from './scale.ts';

export type EventOrder = 'score' | 'time';

export interface EventsTableEvents {
  /** The keyboard's place moved to this top event, or to none (-1). */
  onCurrent(top: number): void;
  zone(): Zone;
}

/** How many rows are made at a time. */
const ROWS_A_TIME = 200;

const COLUMNS = ['Score', 'Time', 'Principal', 'Operation', 'Where', 'Why'];

/** The most novel events, each with an explanation that opens below it. */
export class EventsTable {
  readonly #data: PageData;
  readonly #texts: readonly string[];
  readonly #events: EventsTableEvents;
  readonly #body = element('tbody');
  readonly #status = element('p.status.muted');
  readonly #more = button('Show more', () => this.#grow());
  readonly #heads = new Map<EventOrder, HTMLElement>();
  readonly #open = new Set<number>();
  #order: EventOrder = 'score';
  #query: Query | undefined;
  /** Indexes into `data.top`, in the order shown. */
  #shown: number[] = [];
  #limit = ROWS_A_TIME;
  #current = -1;

  constructor(
    host: HTMLElement,
    data: PageData,
    texts: readonly string[],
    events: EventsTableEvents,
  ) {
    this.#data = data;
    this.#texts = texts;
    this.#events = events;
    this.#status.setAttribute('role', 'status');
    const head = element('tr', ...COLUMNS.map((name) => this.#head(name)));
    const table = element('table.events', element('thead', head), this.#body);
    table.setAttribute('aria-label', 'Most novel events');
    host.append(this.#status, element('div.scroll', table), this.#more);
  }

  get order(): EventOrder {
    return this.#order;
  }

  /** Index of the top event where the keyboard is, or -1. */
  get current(): number {
    return this.#current;
  }

  show(query: Query): void {
    this.#query = query;
    const {words, principal, range} = query;
    this.#shown = [];
    for (const [i, event] of this.#data.top.entries()) {
      if (principal >= 0 && event.principal !== principal) continue;
      if (event.time < range.from || event.time > range.to) continue;
      if (words.every((word) => this.#texts[i]?.includes(word))) this.#shown.push(i);
    }
    const {top} = this.#data;
    const score = (i: number) => top[i]?.score ?? 0;
    const time = (i: number) => top[i]?.time ?? 0;
    this.#shown.sort((a, b) =>
      this.#order === 'score' ? score(b) - score(a) || time(a) - time(b) : time(a) - time(b),
    );
    if (!this.#shown.includes(this.#current)) this.#setCurrent(-1);
    this.#limit = ROWS_A_TIME;
    this.#render();
  }

  sortBy(order: EventOrder): void {
    this.#order = order;
    if (this.#query !== undefined) this.show(this.#query);
  }

  /** Moves the keyboard's place by so many rows. */
  move(by: number): void {
    if (this.#shown.length === 0) return;
    const at = this.#shown.indexOf(this.#current);
    const next = at < 0 ? 0 : Math.min(this.#shown.length - 1, Math.max(0, at + by));
    this.#go(next);
  }

  /** Opens or closes the explanation where the keyboard is. */
  toggle(): void {
    if (this.#current < 0) this.move(1);
    if (this.#current >= 0) this.#toggle(this.#current);
  }

  /** Goes to one event and opens it, if the query shows it. */
  reveal(top: number): void {
    const at = this.#shown.indexOf(top);
    if (at < 0) return;
    this.#go(at);
    if (!this.#open.has(top)) this.#toggle(top);
  }

  /** Closes every explanation; true if there was one. */
  closeAll(): boolean {
    const had = this.#open.size > 0;
    this.#open.clear();
    this.#render();
    return had;
  }

  #head(name: string): HTMLElement {
    const order = name === 'Score' ? 'score' : name === 'Time' ? 'time' : undefined;
    if (order === undefined) return element('th', name);
    const head = element(
      'th',
      button(name, () => this.sortBy(order)),
    );
    this.#heads.set(order, head);
    return head;
  }

  #go(at: number): void {
    while (at >= this.#limit) this.#limit += ROWS_A_TIME;
    if (this.#body.querySelectorAll('tr.event').length < Math.min(this.#limit, this.#shown.length))
      this.#render();
    const top = this.#shown[at] ?? -1;
    this.#setCurrent(top);
    const row = this.#row(top);
    row?.querySelector('button')?.focus({preventScroll: true});
    row?.scrollIntoView({block: 'nearest'});
  }

  #setCurrent(top: number): void {
    this.#row(this.#current)?.classList.remove('current');
    this.#current = top;
    this.#row(top)?.classList.add('current');
    this.#events.onCurrent(top);
  }

  #row(top: number): HTMLElement | null {
    return this.#body.querySelector(`#event-${top}`);
  }

  #toggle(top: number): void {
    const event = this.#data.top[top];
    const row = this.#row(top);
    if (event === undefined || row === null) return;
    if (this.#open.delete(top)) row.nextElementSibling?.remove();
    else {
      this.#open.add(top);
      row.after(this.#detailRow(top, event));
    }
    row.querySelector('button')?.setAttribute('aria-expanded', String(this.#open.has(top)));
  }

  #grow(): void {
    this.#limit += ROWS_A_TIME;
    this.#render();
  }

  #render(): void {
    const rows: Node[] = [];
    for (const top of this.#shown.slice(0, this.#limit)) {
      const event = this.#data.top[top];
      if (event === undefined) continue;
      rows.push(this.#eventRow(top, event));
      if (this.#open.has(top)) rows.push(this.#detailRow(top, event));
    }
    this.#body.replaceChildren(...rows);
    this.#more.hidden = this.#shown.length <= this.#limit;
    for (const [order, head] of this.#heads) {
      const direction = order === 'score' ? 'descending' : 'ascending';
      head.setAttribute('aria-sort', order === this.#order ? direction : 'none');
    }
    const [shown, all] = [this.#shown.length, this.#data.top.length];
    this.#status.textContent =
      all === 0
        ? 'No event stands out.'
        : shown === 0
          ? 'No explained event matches. Esc widens the view again.'
          : `${formatCount(shown)} of ${formatCount(all)} explained events`;
  }

  #eventRow(top: number, event: ReportEvent): HTMLElement {
    const {principals, operations, thresholds} = this.#data;
    const principal = principals[event.principal];
    const score = button(scoreText(event.score), () => {
      this.#setCurrent(top);
      this.#toggle(top);
    });
    score.className = 'score';
    score.setAttribute('aria-expanded', String(this.#open.has(top)));
    score.setAttribute('aria-controls', `detail-${top}`);
    const who = element('td.who', principal?.display ?? '');
    who.title = principal?.name ?? '';
    const failed = event.error !== '' && event.error !== '-';
    const row = element(
      'tr.event',
      element('td', score),
      element('td.time', formatTime(event.time, this.#events.zone())),
      who,
      element(
        'td.what',
        ...breakable(operations[event.operation] ?? ''),
        failed ? element('span.error', event.error) : '',
      ),
      element('td.where', element('span', event.account), element('span', event.region)),
      element('td.why', whyOf(event)),
    );
    row.id = `event-${top}`;
    row.classList.add(levelOf(event.score, thresholds));
    if (top === this.#current) row.classList.add('current');
    row.addEventListener('click', ({target}) => {
      if (target instanceof Element && target.closest('button') !== null) return;
      if (getSelection()?.isCollapsed === false) return;
      score.click();
      score.focus({preventScroll: true});
    });
    return row;
  }

  #detailRow(top: number, event: ReportEvent): HTMLElement {
    const name = this.#data.principals[event.principal]?.name ?? '';
    const cell = element('td', explanationOf(event, name));
    cell.colSpan = COLUMNS.length;
    const row = element('tr.detail', cell);
    row.id = `detail-${top}`;
    return row;
  }
}
