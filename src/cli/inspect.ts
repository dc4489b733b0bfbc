import {displayOf} from '../app/display.ts';
import {type FacetNormal, normalOf, principalsLike} from '../app/inspect-model.ts';
import {loadModel} from '../app/model-file.ts';
import {AppError} from '../base/errors.ts';
import {oneOf} from './options.ts';
import {type Output, plain} from './output.ts';
import {count} from './progress.ts';
import {table} from './table.ts';

export interface InspectOptions {
  readonly model: string;
  readonly top: number;
  readonly format: string;
}

export async function inspectCommand(
  wanted: string,
  options: InspectOptions,
  output: Output,
): Promise<number> {
  const format = oneOf('--format', options.format, ['text', 'json']);
  const detector = await loadModel(options.model);
  if (detector === undefined) throw new AppError('usage', `There is no model "${options.model}"`);
  const matches = principalsLike(detector, wanted);
  if (matches.length !== 1) {
    const some = matches.slice(0, 20).map((name) => `  ${plain(name)}`);
    const more = matches.length > 20 ? [`  … and ${matches.length - 20} more`] : [];
    output.warn(
      matches.length === 0
        ? `The model knows no principal like "${plain(wanted)}"`
        : [`"${plain(wanted)}" fits ${matches.length} principals:`, ...some, ...more].join('\n'),
    );
    return 2;
  }
  const principal = matches[0] as string;
  const facets = normalOf(detector, principal, options.top);
  if (format === 'json') {
    await output.write(`${JSON.stringify({principal, facets}, null, 2)}\n`);
    return 0;
  }
  await output.write(`${output.style('bold', plain(principal))}\n\n`);
  for (const facet of facets) await output.write(facetText(facet, output));
  return 0;
}

function facetText(facet: FacetNormal, output: Output): string {
  const of = facet.given === '' ? '' : ` in ${facet.given}`;
  const head =
    `${facet.facet}${of}: ${count(facet.distinct)} different, ` +
    `seen ${count(facet.times)} time${facet.times === 1 ? '' : 's'}; ` +
    `something new costs ${facet.newBits.toFixed(1)} bits`;
  const rows = facet.values.map(({value, share, times, firstSeen, lastSeen}) => [
    displayOf(facet.field, value),
    `${(share * 100).toFixed(1)} %`,
    count(times),
    new Date(firstSeen).toISOString().slice(0, 10),
    new Date(lastSeen).toISOString().slice(0, 10),
  ]);
  const columns = [
    {title: 'value', flexible: true},
    {title: 'share', align: 'right' as const},
    {title: 'times', align: 'right' as const},
    {title: 'first seen'},
    {title: 'last seen'},
  ];
  return `${plain(head)}\n${rows.length === 0 ? '' : table(columns, rows, output.columns)}\n`;
}
