import {scoreText} from '../../base/score-text.ts';
import type {PageData, ReportPrincipal} from './data.ts';
import {button, element} from './dom.ts';
import {formatCount} from './format.ts';
import {heightOf, levelOf} from './scale.ts';

/** Slots of a sparkline. */
export const SPARK_SLOTS = 48;

const SPARK_HEIGHT = 18;
const SVG = 'http://www.w3.org/2000/svg';
const MOST_ROWS = 100;

/** Who did it: the principals with the most novel events, each with his scores over time. */
export class PrincipalsTable {
  readonly #data: PageData;
  readonly #peaks: Float32Array;
  readonly #onPick: (principal: number) => void;
  readonly #body = element('tbody');
  readonly #status = element('p.status.muted');
  readonly #order: readonly number[];

  constructor(
    host: HTMLElement,
    data: PageData,
    peaks: Float32Array,
    onPick: (principal: number) => void,
  ) {
    this.#data = data;
    this.#peaks = peaks;
    this.#onPick = onPick;
    const {principals} = data;
    const rank = (i: number): ReportPrincipal | undefined => principals[i];
    this.#order = principals
      .map((_, i) => i)
      .sort((a, b) => (rank(b)?.maxScore ?? 0) - (rank(a)?.maxScore ?? 0));
    const [low, high] = data.thresholds;
    const names = ['Principal', 'Max', 'Over time', `≥ ${high}`, `≥ ${low}`, 'Events'];
    const head = element('tr', ...names.map((name) => element('th', name)));
    const table = element('table.principals', element('thead', head), this.#body);
    table.setAttribute('aria-label', 'Principals');
    host.append(this.#status, element('div.scroll', table));
  }

  /** Lists the principals whose names hold every word; all when none does. */
  show(words: readonly string[], chosen: number): void {
    const {principals} = this.#data;
    const named = this.#order.filter((i) => {
      const {name = '', display = ''} = principals[i] ?? {};
      const text = `${name}\n${display}`.toLowerCase();
      return i === chosen || words.every((word) => text.includes(word));
    });
    const found = named.length > 0 ? named : this.#order;
    const rows = found.slice(0, MOST_ROWS).map((i) => this.#row(i, i === chosen));
    this.#body.replaceChildren(...rows);
    const all = formatCount(principals.length);
    this.#status.textContent =
      principals.length === 0
        ? 'No principals.'
        : `${formatCount(rows.length)} of ${all}, by highest score`;
  }

  #row(index: number, chosen: boolean): HTMLElement {
    const principal = this.#data.principals[index];
    if (principal === undefined) return element('tr');
    const {display, name, kind, account, maxScore, over95, over99, events} = principal;
    const pick = button(display, () => this.#onPick(chosen ? -1 : index));
    pick.setAttribute('aria-pressed', String(chosen));
    pick.title = name;
    const row = element(
      'tr',
      element('td.who', pick, element('span.muted', [kind, account].filter(Boolean).join(' '))),
      element('td.number', element('span.score', scoreText(maxScore))),
      element('td', this.#sparkline(index)),
      element('td.number', over99 === 0 ? '' : formatCount(over99)),
      element('td.number', over95 === 0 ? '' : formatCount(over95)),
      element('td.number', formatCount(events)),
    );
    row.classList.add(levelOf(maxScore, this.#data.thresholds));
    if (chosen) row.classList.add('current');
    return row;
  }

  #sparkline(index: number): SVGElement {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', `0 0 ${SPARK_SLOTS * 2} ${SPARK_HEIGHT}`);
    svg.setAttribute('aria-hidden', 'true');
    svg.classList.add('spark');
    const {thresholds} = this.#data;
    const full = heightOf(thresholds[1]) + 1;
    for (let slot = 0; slot < SPARK_SLOTS; slot++) {
      const peak = this.#peaks[index * SPARK_SLOTS + slot] ?? 0;
      if (peak === 0) continue;
      const tall = Math.max(1, Math.min(1, peak / full) * SPARK_HEIGHT);
      const bar = document.createElementNS(SVG, 'rect');
      bar.setAttribute('x', String(slot * 2));
      bar.setAttribute('y', String(SPARK_HEIGHT - tall));
      bar.setAttribute('width', '1.5');
      bar.setAttribute('height', String(tall));
      bar.classList.add(levelOf(1 - 10 ** -(peak + 1e-5), thresholds));
      svg.append(bar);
    }
    return svg;
  }
}
