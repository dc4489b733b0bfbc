import {assert} from '../../base/assert.ts';
import {
  type DeadLetter,
  DIMENSIONS,
  type DictionaryColumn,
  type ObservationBatch,
  type ObservationDetail,
} from '../../pipeline/observation.ts';
import type {Commit} from '../../pipeline/store.ts';
import {type ColumnOf, rowsOf} from './bulk-rows.ts';
import type {BulkColumn, BulkRows, Numbers, Session} from './database.ts';
import type {Dictionary, NewTexts} from './dictionary.ts';
import type {Head} from './head.ts';
import type {Layout, Layouts} from './layouts.ts';
import {levelOf} from './level.ts';
import {DIMENSION_COLUMNS} from './schema.ts';

/** What a commit gave ids to; to be remembered once it is done. */
export interface Added {
  readonly texts: ReadonlyMap<string, NewTexts>;
  readonly layouts: Layout[];
}

/** Rows of a batch, and the id in the dictionary of each text of each of its columns. */
interface Prepared {
  readonly batch: ObservationBatch;
  readonly ids: ReadonlyMap<string, Int32Array>;
}

/** Gives ids to all texts of a commit; before the transaction, for it only reads. */
export async function prepareTexts(
  dictionaries: ReadonlyMap<string, Dictionary>,
  observations: readonly ObservationBatch[],
): Promise<{readonly added: Added; readonly prepared: readonly Prepared[]}> {
  const texts = new Map([...dictionaries.keys()].map((name) => [name, {ids: new Map()}]));
  const prepared: Prepared[] = [];
  for (const batch of observations) {
    const ids = new Map<string, Int32Array>();
    for (const [column, {texts: own}] of textColumns(batch)) {
      const dictionary = dictionaries.get(column);
      const added = texts.get(column);
      assert(dictionary !== undefined && added !== undefined, 'every column has a dictionary');
      ids.set(column, await dictionary.assign(own, added));
    }
    prepared.push({batch, ids});
  }
  return {added: {texts, layouts: []}, prepared};
}

/** Adds all rows of a commit; what the head is then. */
export async function writeRows(
  session: Session,
  commit: Commit,
  prepared: readonly Prepared[],
  added: Added,
  dictionaries: ReadonlyMap<string, Dictionary>,
  layouts: Layouts,
  head: Head,
): Promise<Head> {
  for (const [column, {ids}] of added.texts) {
    const entries = [...ids];
    const table = dictionaries.get(column)?.table ?? '';
    await append(session, table, [
      rowsOf(entries, [
        {type: 'integer', of: ([, id]) => id},
        {type: 'text', of: ([text]) => text},
      ]),
    ]);
  }
  const inOrder = prepared
    .filter(({batch}) => batch.count > 0)
    .sort((a, b) => a.batch.firstId - b.batch.firstId);
  const parts: BulkRows[] = [];
  let lastId = head.lastId;
  for (const {batch, ids} of inOrder) {
    assert(batch.firstId > lastId, 'ids are given once, and ascend');
    lastId = batch.firstId + batch.count - 1;
    const layout =
      layouts.find(batch.context, batch.facets) ??
      (await layouts.add(session, batch.context, batch.facets, added.layouts));
    parts.push({count: batch.count, columns: observationColumns(batch, ids, layout.id)});
  }
  await append(session, 'observations', parts);
  await append(
    session,
    'event_texts',
    inOrder.map(({batch}) =>
      rowsOf(batch.eventIdTexts, [
        {type: 'bigint', of: ([row]) => batch.firstId + row},
        {type: 'text', of: ([, text]) => text},
      ]),
    ),
  );
  await append(session, 'details', [rowsOf(commit.details, DETAIL_COLUMNS)]);
  await append(session, 'dead_letters', [
    rowsOf(
      commit.deadLetters.map((letter, i) => ({...letter, id: head.lastDeadLetter + 1 + i})),
      DEAD_LETTER_COLUMNS,
    ),
  ]);
  return {
    entry: commit.entry,
    lastId,
    observations: head.observations + parts.reduce((sum, part) => sum + part.count, 0),
    details: head.details + commit.details.length,
    deadLetters: head.deadLetters + commit.deadLetters.length,
    lastDeadLetter: head.lastDeadLetter + commit.deadLetters.length,
    summarized: head.summarized,
  };
}

function textColumns(batch: ObservationBatch): (readonly [string, DictionaryColumn])[] {
  assert(batch.dimensions.length === DIMENSIONS.length, 'a column for each dimension');
  return [
    ...DIMENSIONS.map(
      (dimension, i) =>
        [DIMENSION_COLUMNS[dimension], batch.dimensions[i] as DictionaryColumn] as const,
    ),
    ['most_novel_value', batch.mostNovelValue],
    ['source', {texts: [batch.source], index: new Int32Array(batch.count)}],
    ['object', batch.object],
  ];
}

function observationColumns(
  batch: ObservationBatch,
  ids: ReadonlyMap<string, Int32Array>,
  layout: number,
): BulkColumn[] {
  const {eventIds, bits, places} = batch;
  const facets = batch.facets.length;
  assert(facets <= 32, 'a context has at most 32 facets');
  const texts = new Map(textColumns(batch).map(([name, {index}]) => [name, index]));
  const text = (name: string): BulkColumn => {
    const through = ids.get(name) ?? new Int32Array();
    const index = texts.get(name) ?? new Int32Array();
    return {
      type: 'integer',
      at: (row) => through[index[row] ?? -1] ?? 0,
      lie: {values: index, stride: 1, offset: 0, through},
    };
  };
  const word = (w: number): BulkColumn => ({
    type: 'integer',
    at: (row) => eventIds[4 * row + w] ?? 0,
    lie: {values: eventIds, stride: 4, offset: w},
  });
  const plain = (
    type: 'integer' | 'bigint' | 'real' | 'double',
    values: Numbers['values'],
    stride = 1,
    offset = 0,
  ): BulkColumn => ({
    type,
    at: (row) => values[row * stride + offset] ?? 0,
    lie: {values, stride, offset},
  });
  return [
    {type: 'bigint', at: (row) => batch.firstId + row},
    {type: 'bigint', at: (row) => Math.round(batch.times[row] ?? 0)},
    {type: 'bigint', at: () => Math.round(batch.arrived)},
    {type: 'integer', at: () => layout},
    word(0),
    word(1),
    word(2),
    word(3),
    ...DIMENSIONS.map((dimension) => text(DIMENSION_COLUMNS[dimension])),
    plain('double', batch.scores),
    {type: 'integer', at: (row) => levelOf(batch.scores[row] ?? 0)},
    plain('real', batch.raised),
    {type: 'reals', at: (row) => slice(bits, row * facets, facets)},
    plain('integer', batch.mostNovel),
    text('most_novel_value'),
    text('source'),
    text('object'),
    plain('integer', batch.indexes),
    plain('bigint', places, 2, 0),
    plain('bigint', places, 2, 1),
  ];
}

/** Faster than `Array.from` of a part, for so few. */
function slice(values: Float32Array, from: number, count: number): number[] {
  const some = new Array<number>(count);
  for (let i = 0; i < count; i++) some[i] = values[from + i] ?? 0;
  return some;
}

const DETAIL_COLUMNS: readonly ColumnOf<ObservationDetail>[] = [
  {type: 'bigint', of: (detail) => detail.id},
  {type: 'text', of: (detail) => detail.reason},
  {type: 'text', of: (detail) => detail.explanation},
  {type: 'text', of: (detail) => detail.record},
];

const DEAD_LETTER_COLUMNS: readonly ColumnOf<DeadLetter & {id: number}>[] = [
  {type: 'bigint', of: (letter) => letter.id},
  {type: 'double', of: (letter) => letter.at},
  {type: 'text', of: (letter) => letter.source},
  {type: 'text', of: (letter) => letter.object},
  {type: 'text', of: (letter) => letter.reason},
  {type: 'integer', of: (letter) => letter.index},
  {type: 'bigint', of: (letter) => letter.offset},
  {type: 'bigint', of: (letter) => letter.length},
  {type: 'text', of: (letter) => letter.detail},
];

async function append(session: Session, table: string, parts: readonly BulkRows[]): Promise<void> {
  const some = parts.filter(({count}) => count > 0);
  if (some.length > 0) await session.append(table, some);
}
