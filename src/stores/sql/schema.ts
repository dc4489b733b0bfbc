import {DIMENSIONS, type Dimension} from '../../pipeline/observation.ts';

/** Columns of `observations` that hold ids of texts, each with a dictionary table of its own. */
export const DIMENSION_COLUMNS: Readonly<Record<Dimension, string>> = {
  principal: 'principal',
  kind: 'kind',
  account: 'account',
  region: 'region',
  service: 'service',
  operation: 'operation',
  network: 'network',
  userAgent: 'user_agent',
  error: 'error',
  resource: 'resource',
};

export const TEXT_COLUMNS = [
  ...DIMENSIONS.map((dimension) => DIMENSION_COLUMNS[dimension]),
  'most_novel_value',
  'source',
  'object',
] as const;

/** Those a search for a part of a text looks into. */
export const SEARCHED_COLUMNS = TEXT_COLUMNS.slice(0, DIMENSIONS.length + 1);

export function dictionaryTable(column: string): string {
  return `text_${column}`;
}
