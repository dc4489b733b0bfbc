import type {PageData, TimeRange} from './data.ts';
import {daysTable} from './days-table.ts';
import {button, byId, element} from './dom.ts';
import {EventsTable} from './events-table.ts';
import {copyText} from './explanation.ts';
import {formatCount, formatTime, type Zone} from './format.ts';
import {describePlot, ScorePlot} from './plot.ts';
import {peaksOf, unpackPoints} from './points.ts';
import {PrincipalsTable, SPARK_SLOTS} from './principals-table.ts';
import {matchPoints, type Query, searchText, wordsOf} from './query.ts';

/** The script of the report: reads the page's data and brings its skeleton to life. */

const AROUND_MS = 30 * 60_000;

const KEYS: readonly (readonly [string, string])[] = [
  ['j / k', 'next / previous event'],
  ['Enter', 'open or close its explanation'],
  ['p', 'only this principal, or everyone again'],
  ['z', 'zoom to half an hour around the event'],
  ['0', 'whole range (also: double click on the plot)'],
  ['/', 'filter'],
  ['s', 'sort by score or by time'],
  ['c', 'copy the event id'],
  ['t', 'dark or light'],
  ['u', 'UTC or local time'],
  ['Esc', 'step back: filter, principal, explanations, zoom'],
  ['?', 'this help'],
];

const data = JSON.parse(byId('data').textContent ?? '') as PageData;
const points = unpackPoints(data);
const texts = data.top.map((event) => searchText(data, event));
const pointOfTop = new Map(data.points.explained.map(([point, top]) => [top, point]));
const everything: TimeRange = {from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY};

let zone: Zone = 'utc';
let query: Query = {words: [], principal: -1, range: everything};
let plot: ScorePlot | undefined;

const filter = byId('filter') as HTMLInputElement;
const help = byId('help') as HTMLDialogElement;
const chip = button('', () => choose(-1));
const zoneButton = button('UTC', switchZone);
const themeButton = button('Theme', switchTheme);
const resetButton = button('Whole range', () => plot?.reset());
const events = new EventsTable(byId('events'), data, texts, {
  onCurrent: (top) => plot?.mark(pointOfTop.get(top) ?? -1),
  zone: () => zone,
});
const principals = new PrincipalsTable(
  byId('principals'),
  data,
  peaksOf(points, data.principals.length, SPARK_SLOTS),
  choose,
);

function start(): void {
  document.title = data.title;
  byId('title').textContent = data.title;
  zoneButton.title = 'Times in UTC or in local time (u)';
  themeButton.title = 'Dark or light (t)';
  const helpButton = button('Keys', () => help.showModal());
  helpButton.title = 'Keyboard (?)';
  byId('tools').append(zoneButton, themeButton, helpButton);
  chip.className = 'chip';
  byId('query').append(chip, resetButton);
  resetButton.hidden = true;
  fillHelp();
  showHeader();
  if (points.count === 0) showNoPlot();
  else startPlot();
  if (data.days.length > 1) {
    byId('days').append(
      element('h2', 'Days'),
      daysTable(data, (range) => plot?.zoom(range)),
    );
  }
  filter.addEventListener('input', () => ask({words: wordsOf(filter.value)}));
  document.addEventListener('keydown', onKey);
  addEventListener('beforeprint', () => document.documentElement.classList.add('print'));
  addEventListener('beforeprint', () => plot?.redraw());
  addEventListener('afterprint', () => document.documentElement.classList.remove('print'));
  addEventListener('afterprint', () => plot?.redraw());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot?.redraw());
  ask({});
}

function startPlot(): void {
  const host = byId('plot');
  host.setAttribute('role', 'img');
  host.setAttribute('aria-label', describePlot(data));
  plot = new ScorePlot(host, data, points, {
    onPick: pick,
    onRange: (range) => {
      if (plot === undefined) return;
      resetButton.hidden = !plot.isZoomed;
      ask({range: plot.isZoomed ? range : everything});
    },
    zone: () => zone,
  });
}

function showNoPlot(): void {
  byId('plot').className = 'empty';
  byId('plot').textContent =
    data.totals.events === 0 ? 'No events in these files.' : 'No event was scored.';
  byId('query').hidden = true;
}

/** Shows what was asked for before, with these changes. */
function ask(change: Partial<Query>): void {
  const before = query;
  query = {...query, ...change};
  if (query.words !== before.words || query.principal !== before.principal) {
    plot?.match(matchPoints(data, points, texts, query));
    principals.show(query.words, query.principal);
  } else if (change.range === undefined) principals.show(query.words, query.principal);
  events.show(query);
  const chosen = data.principals[query.principal];
  chip.hidden = chosen === undefined;
  chip.textContent = `${chosen?.display ?? ''} ×`;
  chip.setAttribute('aria-label', `Show everyone, not only ${chosen?.display ?? ''}`);
}

function choose(principal: number): void {
  ask({principal});
}

/** A click on a point opens its explanation, or shows who it was where there is none. */
function pick(point: number): void {
  const top = points.explanation[point] ?? -1;
  if (top >= 0) events.reveal(top);
  else choose(points.principal[point] ?? -1);
}

function showHeader(): void {
  const {totals, range, thresholds, generatedAt} = data;
  const time = (at: number) => formatTime(at, zone);
  const parts = totals.events === 0 ? [] : [`${time(range.from)} to ${time(range.to)}`];
  if (generatedAt !== undefined) parts.push(`made ${time(generatedAt)}`);
  if (parts.length > 0) parts.push(zone === 'utc' ? 'UTC' : 'local time');
  byId('range').textContent = parts.join(' · ');
  const rejected = sum(totals.rejected);
  const dropped = sum(totals.dropped);
  const facts: (readonly [string, number, string])[] = [
    [`≥ ${thresholds[1]}`, totals.over99, 'top'],
    [`≥ ${thresholds[0]}`, totals.over95, 'high'],
    ['events', totals.events, ''],
    ['principals', totals.principals, ''],
    ['accounts', totals.accounts, ''],
    ['files', totals.files, ''],
  ];
  if (rejected > 0) facts.push(['rejected', rejected, 'high']);
  if (dropped > 0) facts.push(['dropped', dropped, '']);
  const reasons: Record<string, Readonly<Record<string, number>>> = {
    rejected: totals.rejected,
    dropped: totals.dropped,
  };
  byId('totals').replaceChildren(
    ...facts.map(([name, count, level]) => {
      const number = element('dd', formatCount(count));
      if (level !== '' && count > 0) number.className = level;
      const fact = element('div', number, element('dt', name));
      const why = reasons[name];
      if (why !== undefined) fact.append(element('dd.muted', listOf(why)));
      return fact;
    }),
  );
  const leftOut = data.points.leftOut;
  byId('note').textContent =
    leftOut === undefined
      ? ''
      : `${formatCount(leftOut.count)} events below ${leftOut.below} are not drawn.`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

function listOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${reason} ${formatCount(count)}`)
    .join(', ');
}

function switchZone(): void {
  zone = zone === 'utc' ? 'local' : 'utc';
  zoneButton.textContent = zone === 'utc' ? 'UTC' : 'Local time';
  showHeader();
  plot?.redraw();
  events.show(query);
}

function switchTheme(): void {
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const now = root.dataset.theme ?? (dark ? 'dark' : 'light');
  root.dataset.theme = now === 'dark' ? 'light' : 'dark';
  plot?.redraw();
}

function fillHelp(): void {
  const list = element('dl');
  for (const [key, meaning] of KEYS) {
    list.append(element('dt', element('kbd', key)), element('dd', meaning));
  }
  const usage =
    'Drag on the plot to zoom, click a point for its event. The tables follow the plot.';
  const close = button('Close', () => help.close());
  help.append(element('h2', 'Keyboard'), list, element('p.muted', usage), close);
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.key === 'Escape') {
    stepBack();
    return;
  }
  if (event.target === filter) {
    if (event.key === 'Enter') events.move(0);
    return;
  }
  const isOnButton = event.target instanceof HTMLElement && event.target.closest('button, summary');
  if (event.key === 'Enter' && isOnButton) return;
  const action = ACTIONS[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}

const ACTIONS: Readonly<Record<string, () => void>> = {
  j: () => events.move(1),
  k: () => events.move(-1),
  Enter: () => events.toggle(),
  p: () => {
    const current = data.top[events.current];
    choose(query.principal >= 0 ? -1 : (current?.principal ?? -1));
  },
  z: () => {
    const current = data.top[events.current];
    if (current === undefined) return;
    plot?.zoom({from: current.time - AROUND_MS, to: current.time + AROUND_MS});
  },
  '0': () => plot?.reset(),
  '/': () => filter.select(),
  s: () => events.sortBy(events.order === 'score' ? 'time' : 'score'),
  c: () => {
    const current = data.top[events.current];
    const detail = byId('events').querySelector(`#detail-${events.current} button`);
    if (current === undefined) return;
    if (detail instanceof HTMLButtonElement) copyText(current.eventId, detail);
    else void navigator.clipboard?.writeText(current.eventId);
  },
  t: switchTheme,
  u: switchZone,
  '?': () => help.showModal(),
};

/** Undoes one thing, the narrowest first. */
function stepBack(): void {
  if (filter.value !== '' || document.activeElement === filter) {
    filter.value = '';
    filter.blur();
    ask({words: []});
  } else if (query.principal >= 0) choose(-1);
  else if (!events.closeAll()) plot?.reset();
}

start();
