import {COMPONENT_FIELDS, type Field, type Method} from '../method.ts';
import {withAggregation} from './aggregation.ts';
import {dirichletEdges, FIVE_EDGES} from './dirichlet-edges.ts';
import {independentFields} from './independent-fields.ts';
import {NINE_PAIRS, newTerms} from './new-terms.ts';
import {orderedPrefix} from './ordered-prefix.ts';
import {CLOUDTRAIL_JOBS, rare} from './rare.ts';

const EIGHT_FIELDS: readonly Field[] = [
  'account',
  'region',
  'service',
  'operation',
  'error',
  'userAgent',
  'network',
  'principal',
];

// "kind" and "peer" are made of the principal.
const ALL_FIELDS = COMPONENT_FIELDS.filter((field) => field !== 'kind' && field !== 'peer');

/** Every baseline, each with a memory of its own that is empty. */
export function baselines(): Method[] {
  return [
    orderedPrefix(['service', 'operation', 'principal']),
    orderedPrefix(['principal', 'service', 'operation', 'hour']),
    orderedPrefix(['hour', 'service', 'operation', 'principal']),
    orderedPrefix(EIGHT_FIELDS),
    orderedPrefix(EIGHT_FIELDS, 'total'),
    newTerms([['principal', 'operation']], Infinity),
    newTerms([['principal', 'operation']], 10),
    newTerms(NINE_PAIRS, Infinity),
    newTerms(NINE_PAIRS, 10),
    independentFields(ALL_FIELDS),
    rare([{by: 'operation', partition: 'principal'}]),
    rare(CLOUDTRAIL_JOBS),
    dirichletEdges(['operation']),
    dirichletEdges(FIVE_EDGES),
    withAggregation(orderedPrefix(EIGHT_FIELDS)),
    withAggregation(newTerms(NINE_PAIRS, Infinity)),
    withAggregation(dirichletEdges(FIVE_EDGES)),
  ];
}
