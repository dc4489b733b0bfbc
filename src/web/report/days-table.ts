import {scoreText} from '../../base/score-text.ts';
import type {PageData, TimeRange} from './data.ts';
import {button, element} from './dom.ts';
import {formatCount, formatDay} from './format.ts';
import {levelOf} from './scale.ts';

const DAY_MS = 86_400_000;

/** A line for each day; its name shows that day alone. Days are days of UTC. */
export function daysTable(data: PageData, onPick: (range: TimeRange) => void): HTMLElement {
  const [low, high] = data.thresholds;
  const names = ['Day (UTC)', 'Max', `≥ ${high}`, `≥ ${low}`, 'Events'];
  const rows = data.days.map((day) => {
    const pick = button(formatDay(day.time, 'utc'), () =>
      onPick({from: day.time, to: day.time + DAY_MS}),
    );
    const row = element(
      'tr',
      element('td', pick),
      element('td.number', element('span.score', scoreText(day.maxScore))),
      element('td.number', day.over99 === 0 ? '' : formatCount(day.over99)),
      element('td.number', day.over95 === 0 ? '' : formatCount(day.over95)),
      element('td.number', formatCount(day.events)),
    );
    row.classList.add(levelOf(day.maxScore, data.thresholds));
    return row;
  });
  const head = element('tr', ...names.map((name) => element('th', name)));
  const table = element('table.days', element('thead', head), element('tbody', ...rows));
  table.setAttribute('aria-label', 'Days');
  return element('div.scroll', table);
}
