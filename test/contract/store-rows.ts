import {
  DIMENSIONS,
  type DictionaryColumn,
  type Dimension,
  type ObservationBatch,
} from '../../src/pipeline/observation.ts';
import type {Commit, StoredObservation} from '../../src/pipeline/store.ts';

/** A row as a test gives it; what it leaves out is made up from the id. */
export interface TestRow {
  readonly time?: number;
  readonly score?: number;
  readonly eventId?: string;
  readonly dimensions?: Readonly<Partial<Record<Dimension, string>>>;
  readonly bits?: readonly number[];
  readonly mostNovel?: number;
  readonly mostNovelValue?: string;
  readonly object?: string;
}

export interface TestBatch {
  readonly context?: string;
  readonly facets?: readonly string[];
  readonly firstId: number;
  readonly arrived?: number;
  readonly source?: string;
  readonly rows: readonly TestRow[];
}

const FACETS = ['operation', 'network'];
const START = Date.UTC(2026, 10, 1);

/** What a store should give back for a row. */
export function expectedRows(batch: TestBatch): StoredObservation[] {
  const facets = batch.facets ?? FACETS;
  return batch.rows.map((row, i) => {
    const id = batch.firstId + i;
    const bits = facets.map((_, f) => Math.fround(row.bits?.[f] ?? f + 0.25));
    const mostNovel = row.mostNovel ?? 0;
    const facet = facets[mostNovel];
    return {
      id,
      context: batch.context ?? 'cloudtrail',
      eventId: row.eventId ?? uuid(id),
      eventTime: Math.round(row.time ?? START + id * 1000),
      arrived: Math.round(batch.arrived ?? START),
      dimensions: Object.fromEntries(
        DIMENSIONS.map((name) => [name, row.dimensions?.[name] ?? `${name}-1`]),
      ) as Record<Dimension, string>,
      score: row.score ?? 0.5,
      raised: Math.fround(bits.reduce((sum, b) => sum + b, 0)),
      bits: Object.fromEntries(facets.map((name, f) => [name, bits[f] ?? 0])),
      mostNovel:
        facet === undefined
          ? null
          : {facet, value: row.mostNovelValue ?? 'value', bits: bits[mostNovel] ?? 0},
      source: batch.source ?? 'trail',
      object: row.object ?? 'AWSLogs/one.json.gz',
      index: i,
      offset: 1000 * i,
      length: 900,
      reason: null,
    };
  });
}

export function uuid(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function toBatch(batch: TestBatch): ObservationBatch {
  const rows = expectedRows(batch);
  const facets = batch.facets ?? FACETS;
  const eventIds = new Int32Array(4 * rows.length);
  const eventIdTexts: [number, string][] = [];
  rows.forEach(({eventId}, i) => {
    if (eventId === '') return;
    if (!UUID.test(eventId)) eventIdTexts.push([i, eventId]);
    const digits = UUID.test(eventId) ? eventId.replaceAll('-', '') : 'f'.repeat(32);
    for (let w = 0; w < 4; w++) {
      eventIds[4 * i + w] = Number.parseInt(digits.slice(8 * w, 8 * w + 8), 16) | 0;
    }
  });
  return {
    context: batch.context ?? 'cloudtrail',
    facets,
    count: rows.length,
    firstId: batch.firstId,
    times: Float64Array.from(rows, (row) => row.eventTime),
    arrived: batch.arrived ?? START,
    eventIds,
    eventIdTexts,
    dimensions: DIMENSIONS.map((name) => column(rows.map((row) => row.dimensions[name]))),
    scores: Float64Array.from(rows, (row) => row.score),
    raised: Float32Array.from(rows, (row) => row.raised),
    bits: Float32Array.from(rows.flatMap((row) => facets.map((name) => row.bits[name] ?? 0))),
    mostNovel: Int8Array.from(batch.rows, (row) => row.mostNovel ?? 0),
    mostNovelValue: column(rows.map((row) => row.mostNovel?.value ?? '')),
    source: batch.source ?? 'trail',
    object: column(rows.map((row) => row.object)),
    indexes: Int32Array.from(rows, (row) => row.index),
    places: Float64Array.from(rows.flatMap((row) => [row.offset, row.length])),
  };
}

function column(values: readonly string[]): DictionaryColumn {
  const texts = [...new Set(values)];
  return {texts, index: Int32Array.from(values, (value) => texts.indexOf(value))};
}

export function toCommit(
  entry: number,
  batches: readonly TestBatch[],
  rest: Partial<Commit> = {},
): Commit {
  return {
    entry,
    observations: batches.map(toBatch),
    details: [],
    deadLetters: [],
    deliveries: [],
    ...rest,
  };
}
