import type {DestinationInfo, Profile} from '../src/api/types.ts';
import {readShippedContexts} from '../src/app/context-file.ts';
import {Detector} from '../src/app/detector.ts';
import {Random} from '../src/base/random.ts';
import {eventOfRecord, prepareDerivation} from '../src/event/derive.ts';
import {parseEventTime} from '../src/event/event-time.ts';
import type {Components} from '../src/event/fields.ts';
import {fieldsOf} from '../src/features/context.ts';
import {DIMENSIONS, type Dimension, type ObservationDetail} from '../src/pipeline/observation.ts';
import type {ObservationFilter, OutboxRow, StoredObservation} from '../src/pipeline/store.ts';
import {simulate} from '../src/simulate/simulate.ts';
import {FakeService, statusOf} from './api-fixture.ts';

export interface Story {
  readonly rows: readonly StoredObservation[];
  readonly details: ReadonlyMap<number, ObservationDetail>;
}

/** A simulated trail with raul's story in it, scored and explained by the library itself. */
export function tellStory(days: number, eventsPerDay: number, seed = 21): Story {
  const derivation = prepareDerivation();
  const events: {id: string; time: number; components: Components; record: object}[] = [];
  for (const file of simulate({seed, days, eventsPerDay, scenarios: ['raul']})) {
    for (const record of file.records) {
      const {eventID, eventTime} = record as {eventID: string; eventTime: string};
      const time = parseEventTime(eventTime)!;
      const components = eventOfRecord(record, time, derivation);
      events.push({id: eventID, time, components, record});
    }
  }
  events.sort((a, b) => a.time - b.time);
  const {contexts} = readShippedContexts();
  const columns = fieldsOf(contexts);
  const detector = new Detector(columns, contexts);
  const ids = new Int32Array(columns.length);
  const rows: StoredObservation[] = [];
  const details = new Map<number, ObservationDetail>();
  for (const [i, {id: eventId, time, components, record}] of events.entries()) {
    for (const [c, column] of columns.entries()) {
      ids[c] = detector.id(c, components[column as keyof Components]);
    }
    const verdict = detector.score(ids, time)!;
    const {score, raised, bits: facetBits} = verdict.scored;
    const {facets} = detector.scorer(verdict.context).plan;
    const bits = Object.fromEntries(facets.map(({name}, f) => [name, round(facetBits[f]!)]));
    const explanation =
      score >= 0.5 || i % 50 === 0 ? detector.explain(ids, time, verdict) : undefined;
    const [facet = '', most = 0] = Object.entries(bits).sort(([, a], [, b]) => b - a)[0] ?? [];
    const field = facets.find(({name}) => name === facet)?.target ?? 0;
    const id = i + 1;
    const row: StoredObservation = {
      id,
      context: 'cloudtrail',
      eventId,
      eventTime: time,
      arrived: time + 1_000,
      dimensions: Object.fromEntries(DIMENSIONS.map((name) => [name, components[name]])) as Record<
        Dimension,
        string
      >,
      score,
      raised: round(raised),
      bits,
      mostNovel: most === 0 ? null : {facet, value: detector.text(field, ids[field]!), bits: most},
      source: 'demo',
      object: 'AWSLogs/1.json.gz',
      index: i,
      offset: i * 1_000,
      length: 990,
      reason: score >= 0.5 ? (explanation?.sentence ?? null) : null,
    };
    rows.push(row);
    if (explanation !== undefined) {
      const {entity, sentence, facets: told} = explanation;
      details.set(id, {
        id,
        reason: sentence,
        // JSON knows no NaN: "never" becomes null by itself.
        explanation: JSON.stringify({
          entity,
          sentence,
          facets: told.map(({full: _, brief: __, ...facet}) => facet),
        }),
        record: score >= 0.9 ? JSON.stringify(record) : null,
      });
    }
    detector.learn(ids, time);
  }
  return {rows, details};
}

/** So many observations of an invented firm, quickly made, for what depends on their number. */
export function manyRows(count: number, firstId = 1): StoredObservation[] {
  const random = new Random('many');
  const start = Date.UTC(2026, 9, 5);
  return Array.from({length: count}, (_, i): StoredObservation => {
    const id = firstId + i;
    const who = Math.floor(random.next() * 60);
    const score = 1 - random.next() ** (random.next() < 0.02 ? 6 : 0.6);
    return {
      id,
      context: 'cloudtrail',
      eventId: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
      eventTime: start + Math.floor((i / count) * 14 * 86_400_000),
      arrived: start,
      dimensions: {
        principal: `123456789012:user/u${who}`,
        kind: 'user',
        account: '123456789012',
        region: 'eu-west-1',
        service: ['ec2', 's3', 'iam', 'kms'][id % 4]!,
        operation: 'ec2:DescribeInstances',
        network: '203.0.113.0/24',
        userAgent: 'boto3',
        error: '-',
        resource: '-',
      },
      score: Math.min(0.99999, Math.max(0, score)),
      raised: 3,
      bits: {operation: 1, network: 2},
      mostNovel: {facet: 'network', value: '203.0.113.0/24', bits: 2},
      source: 'demo',
      object: 'a.json.gz',
      index: i,
      offset: 0,
      length: 10,
      reason: null,
    };
  });
}

/** What the pages ask for, of a story told so far; more can be told live. */
export class StoryService extends FakeService {
  readonly outbox: OutboxRow[] = this.memory.outbox;

  constructor(feedCapacity?: number) {
    super(feedCapacity);
    const memory = this.memory;
    memory.timeline = async (filter: ObservationFilter, stretches: number) => {
      const {rows} = await memory.observations(filter, {
        order: 'id',
        limit: Number.MAX_SAFE_INTEGER,
      });
      const times = rows.map(({eventTime}) => eventTime);
      const from = filter.from ?? times.reduce((a, b) => Math.min(a, b), Number.MAX_SAFE_INTEGER);
      const to = filter.to ?? times.reduce((a, b) => Math.max(a, b), 0) + 1;
      const events = new Array<number>(stretches).fill(0);
      const maxScore = new Array<number>(stretches).fill(0);
      for (const {eventTime, score} of rows) {
        const at = Math.min(
          stretches - 1,
          Math.floor(((eventTime - from) / (to - from)) * stretches),
        );
        events[at]!++;
        maxScore[at] = Math.max(maxScore[at]!, score);
      }
      return {from, to, events, maxScore};
    };
    memory.principals = async (filter, page) => {
      const {rows} = await memory.observations(filter, {
        order: 'id',
        limit: Number.MAX_SAFE_INTEGER,
      });
      const by = new Map<string, StoredObservation[]>();
      for (const row of rows) {
        const {principal} = row.dimensions;
        const own = by.get(principal);
        if (own === undefined) by.set(principal, [row]);
        else own.push(row);
      }
      const all = [...by].map(([principal, own]) => ({
        principal,
        kind: own[0]!.dimensions.kind,
        events: own.length,
        maxScore: own.reduce((most, {score}) => Math.max(most, score), 0),
        over95: own.filter(({score}) => score >= 0.95).length,
        over99: own.filter(({score}) => score >= 0.99).length,
        firstTime: own[0]!.eventTime,
        lastTime: own.at(-1)!.eventTime,
      }));
      all.sort((a, b) =>
        page.order === 'events'
          ? b.events - a.events
          : page.order === 'recent'
            ? b.lastTime - a.lastTime
            : b.maxScore - a.maxScore,
      );
      const start = Number(page.cursor ?? 0);
      const end = start + page.limit;
      return {rows: all.slice(start, end), next: end < all.length ? String(end) : null};
    };
  }

  tell(story: Story, from = 0, to = story.rows.length): void {
    for (const row of story.rows.slice(from, to)) {
      const detail = story.details.get(row.id);
      if (detail !== undefined) this.memory.details.set(row.id, detail);
    }
    // Not more arguments at a time than a call takes.
    for (let i = from; i < to; i += 10_000)
      this.add(...story.rows.slice(i, Math.min(to, i + 10_000)));
  }

  override async status() {
    const status = statusOf(this.memory);
    const {rows} = this.memory;
    return {
      ...status,
      now: Date.now(),
      startedAt: Date.now() - 3_600_000,
      eventsPerSecond: 12.5,
      snapshot: {at: Date.now() - 42_000, bytes: 18_400_000, entry: 812},
      store: {kind: 'duckdb', bytes: 52_000_000, state: 'ok' as const, detail: '', failures: 0},
      journal: {bytes: 9_300_000, entries: 61},
      memory: {rss: 412_000_000, model: 88_000_000, heap: 96_000_000},
      rejected: {invalid_json: 2, record_too_large: 1},
      dropped: {duplicate: 17},
      warnings: ['Snapshot 771 could not be read; the one before was taken'],
      sources: [
        {
          ...status.sources[0]!,
          name: 'demo',
          kind: 'directory',
          records: rows.length,
          bytes: 41_000_000,
          latestEventTime: rows.at(-1)?.eventTime ?? null,
          latestArrival: Date.now() - 900,
        },
        {
          ...status.sources[0]!,
          name: 'organisation-trail',
          kind: 's3',
          state: 'retrying' as const,
          detail: 'Cannot reach s3.eu-west-1.amazonaws.com: timed out; next try in 8 s',
          backlog: 214,
          records: 0,
          bytes: 0,
          latestEventTime: null,
          latestArrival: null,
        },
      ],
    };
  }

  override async contexts() {
    const {contexts} = readShippedContexts();
    return contexts.map(({name, entity, facets}) => ({
      name,
      stream: 'cloudtrail',
      entity,
      facets: facets.map(({name: facet, of, given, weight}) => ({
        name: facet,
        of,
        given: given.map((fields) => (fields.length === 0 ? 'everyone' : fields.join('+'))),
        weight,
      })),
      learnt: this.memory.rows.length,
      bytes: 88_000_000,
    }));
  }

  override async profile(context: string, principal: string): Promise<Profile | undefined> {
    const own = this.memory.rows.filter(({dimensions}) => dimensions.principal === principal);
    if (own.length === 0) return undefined;
    const facets = (['operation', 'network', 'userAgent', 'region', 'error'] as const).map(
      (facet) => {
        const values = new Map<string, StoredObservation[]>();
        for (const row of own) {
          const value = row.dimensions[facet];
          values.set(value, [...(values.get(value) ?? []), row]);
        }
        return {
          facet,
          component: facet,
          contexts: [
            {
              given: principal,
              total: own.length,
              distinct: values.size,
              values: [...values]
                .map(([value, rows]) => ({
                  value,
                  share: rows.length / own.length,
                  times: rows.length,
                  firstSeen: rows[0]!.eventTime,
                  lastSeen: rows.at(-1)!.eventTime,
                }))
                .sort((a, b) => b.times - a.times)
                .slice(0, 20),
            },
          ],
        };
      },
    );
    return {context, principal, activeDays: 6, facets};
  }

  override async destinations(): Promise<DestinationInfo[]> {
    return [
      {
        name: 'pager',
        type: 'pagerduty',
        minScore: 0.99,
        target: 'events.pagerduty.com',
        waiting: 0,
        dead: 0,
        lastSentAt: Date.now() - 600_000,
        lastError: '',
      },
      {
        name: 'chat',
        type: 'slack',
        minScore: 0.95,
        target: 'hooks.slack.com',
        waiting: 2,
        dead: 1,
        lastSentAt: null,
        lastError: '503 Service Unavailable',
      },
    ];
  }

  override async testDestination(name: string) {
    if (name === 'pager') return {ok: true as const, value: {status: '202'}} as never;
    const message = 'hooks.slack.com answered 503';
    return {ok: false, problems: [{file: '', line: 0, column: 0, path: name, message}]} as never;
  }
}

function round(number: number): number {
  return Math.round(number * 1e4) / 1e4;
}
