import type {NoveltyResult} from '../../api/types.ts';
import type {AlertItem} from '../../pipeline/alert.ts';
import type {Explanation} from '../../score/explain.ts';
import type {Verdict} from '../detector.ts';
import type {EngineSettings} from './entries.ts';
import type {RowBuilder} from './row-builder.ts';
import type {Stream} from './stream.ts';

/** A row that more is kept of than its columns; its id is known once the entry is through. */
export interface Noted {
  readonly context: number;
  readonly row: number;
  readonly reason: string;
  readonly explanation: string;
  readonly record: string | null;
  readonly news: Omit<AlertItem, 'observationId'> | undefined;
  readonly entity: string;
}

/** The lowest score of which anything more than the row is kept or told. */
export function lowest({keep, destinations}: EngineSettings, alerting: boolean): number {
  const told = alerting ? destinations.map(({minScore}) => minScore) : [];
  return Math.min(keep.reasonsFrom, keep.recordsFrom, ...told);
}

/** What is to be done about a verdict. */
export function noteOf(
  settings: EngineSettings,
  alerting: boolean,
  {scored: {score}}: Verdict,
): {any: boolean; record: boolean; alert: boolean} {
  return {
    any: score >= lowest(settings, alerting),
    record: score >= settings.keep.recordsFrom,
    alert: alerting && settings.destinations.some(({minScore}) => score >= minScore),
  };
}

/** What an alert says of one event. */
export function itemOf(
  stream: Stream,
  {context, scored}: Verdict,
  explanation: Explanation,
  time: number,
  eventId: string,
): Omit<AlertItem, 'observationId'> {
  const {detector, ids} = stream;
  const text = (field: string): string => {
    const column = detector.columns.indexOf(field);
    return column < 0 ? '-' : detector.text(column, ids[column] as number);
  };
  const builder = stream.builders[context] as RowBuilder;
  const novel = explanation.facets[builder.mostNovelOf(scored)];
  return {
    eventId,
    eventTime: time,
    score: scored.score,
    operation: text('operation'),
    service: text('service'),
    account: text('account'),
    region: text('region'),
    network: text('network'),
    userAgent: text('userAgent'),
    resource: text('resource'),
    error: text('error'),
    mostNovel:
      novel === undefined ? null : {facet: novel.facet, value: novel.value, bits: novel.bits},
    reason: explanation.sentence,
  };
}

/** What the API says of one item, and why; the explanation is undefined if no context watches it. */
export function noveltyOf(
  stream: Stream,
  verdict: Verdict | undefined,
  time: number,
): {result: NoveltyResult; explanation: Explanation | undefined} {
  if (verdict === undefined) {
    const nothing = {score: 0, surprise: 0, raised: 0, context: null, bits: {}, mostNovel: null};
    return {result: {...nothing, reason: 'No context watches this'}, explanation: undefined};
  }
  const {detector, ids} = stream;
  const {scored, context} = verdict;
  const explanation = detector.explain(ids, time, verdict);
  const builder = stream.builders[context] as RowBuilder;
  const novel = explanation.facets[builder.mostNovelOf(scored)];
  return {
    result: {
      score: scored.score,
      surprise: scored.surprise,
      raised: scored.raised,
      context: detector.declarations[context]?.name ?? null,
      bits: Object.fromEntries(explanation.facets.map(({facet, bits}) => [facet, bits])),
      mostNovel:
        novel === undefined ? null : {facet: novel.facet, value: novel.value, bits: novel.bits},
      reason: explanation.sentence,
    },
    explanation,
  };
}
