import type {FacetCounts, ReportEvent, ReportFacet} from './data.ts';
import {breakable, button, element} from './dom.ts';
import {formatCount, formatShare} from './format.ts';

const KNOWN_AT: Readonly<Record<string, string>> = {
  self: 'this principal',
  peer: 'its peers, not itself',
  kind: 'principals of its kind, not its peers',
  type: 'principals of its kind, not its peers',
  everyone: 'others only',
  never: 'nobody',
};

/** Bits at which a bar is full: a facet counts for no more, by the model's saturation. */
const FULL_BITS = 10;

/** Everything about one event: why it is novel, what is usual instead, and the record itself. */
export function explanationOf(event: ReportEvent, principal: string): HTMLElement {
  const copy = button('Copy', () => copyText(event.eventId, copy));
  copy.setAttribute('aria-label', 'Copy event id');
  const facts = element('dl.facts');
  const identity = element('span', element('code', event.eventId), ' ', copy);
  const issuedTo = event.origin === undefined ? '' : `issued to ${event.origin}`;
  const place = `${event.source.file} #${formatCount(event.source.index)}`;
  for (const [name, value] of [
    ['Event id', identity],
    ['Principal', principal],
    ['Credentials', issuedTo],
    ['Account', event.account],
    ['Region', event.region],
    ['Network', event.network],
    ['User agent', event.userAgent],
    ['Error', event.error],
    ['Resource', event.resource],
    ['Record', place],
  ] as const) {
    if (value !== '' && value !== '-') facts.append(element('dt', name), element('dd', value));
  }
  const parts = [element('p.reason', whyOf(event)), facetTable(event.facets), facts];
  if (event.record !== undefined) {
    const summary = element('summary', 'Raw record');
    const raw = element('details', summary, element('pre', JSON.stringify(event.record, null, 2)));
    raw.open = true;
    parts.push(raw);
  }
  return element('div.explanation', ...parts);
}

/** The reason, and whose credentials were used if that is not plain. */
export function whyOf({reason, chain}: ReportEvent): string {
  return [reason, chain].filter(Boolean).join('; ');
}

function facetTable(facets: readonly ReportFacet[]): HTMLElement {
  const head = ['Facet', 'Value', 'Bits', 'Share', 'Known to', 'Usual instead'];
  const rows = facets
    .toSorted((a, b) => b.bits - a.bits)
    .map((facet, i) => {
      const bar = element('span.bar');
      bar.style.width = `${Math.min(1, facet.bits / FULL_BITS) * 100}%`;
      const bits = element('td.bits', element('span.track', bar), facet.bits.toFixed(1));
      const row = element(
        'tr',
        element('th', facet.name),
        element('td.value', ...breakable(facet.value)),
        bits,
        element('td.number', formatShare(facet.share)),
        element('td', knownTo(facet)),
        element('td.value', usualInstead(facet)),
      );
      row.className = i === 0 && facet.bits > 0 ? 'most' : '';
      return row;
    });
  const header = element('tr', ...head.map((name) => element('th', name)));
  const table = element('table.facets', element('thead', header), element('tbody', ...rows));
  return element('div.scroll', table);
}

function knownTo({knownAt, counts}: ReportFacet): string {
  const who = KNOWN_AT[knownAt] ?? knownAt;
  return counts === undefined ? who : `${who} (${ownHistory(counts)})`;
}

function ownHistory({total, distinct, value}: FacetCounts): string {
  if (total === 0) return 'no history';
  return `${formatCount(value)} of ${formatCount(total)}, ${formatCount(distinct)} values`;
}

function usualInstead({usual}: ReportFacet): string {
  return usual.map(({value, share}) => `${value} ${formatShare(share)}`).join(', ') || '–';
}

/** Copies a text and says so on the button, or selects it where the browser forbids copying. */
export function copyText(text: string, from: HTMLButtonElement): void {
  const select = () => {
    const code = from.parentElement?.querySelector('code');
    if (code) getSelection()?.selectAllChildren(code);
    from.textContent = 'Selected';
  };
  const copied = () => {
    from.textContent = 'Copied';
  };
  if (navigator.clipboard === undefined) select();
  else void navigator.clipboard.writeText(text).then(copied, select);
}
