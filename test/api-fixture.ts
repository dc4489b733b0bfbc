import type {DetectionService, FilePut} from '../src/api/detection-service.ts';
import type {
  AlarmHistory,
  DetectionCheck,
  DetectionDetail,
  DetectionFile,
  DetectionInfo,
  DetectionTrial,
  TrapInfo,
} from '../src/api/detection-types.ts';
import type {Actor, Outcome, Service} from '../src/api/service.ts';
import type {
  ContextInfo,
  DestinationInfo,
  IngestStatus,
  ObservationInput,
  Profile,
} from '../src/api/types.ts';
import type {
  DetectionStore,
  EpisodeRow,
  MatchFilter,
  MatchRow,
} from '../src/pipeline/detections.ts';
import {LiveFeed} from '../src/pipeline/live-feed.ts';
import type {ObservationDetail} from '../src/pipeline/observation.ts';
import type {
  AuditRow,
  ObservationFilter,
  OutboxRow,
  Store,
  StoredObservation,
  TokenRow,
} from '../src/pipeline/store.ts';

export const NOON = Date.UTC(2026, 10, 20, 12);

/** An observation; each differs by id unless told. */
export function row(id: number, over: Partial<StoredObservation> = {}): StoredObservation {
  return {
    id,
    context: 'cloudtrail',
    eventId: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    eventTime: NOON + id * 1_000,
    arrived: NOON + id * 1_000 + 500,
    dimensions: {
      principal: `111122223333:user/u${id % 7}`,
      kind: 'user',
      account: '111122223333',
      region: 'eu-west-1',
      service: 'ec2',
      operation: 'ec2:DescribeInstances',
      network: '203.0.113.0/24',
      userAgent: 'boto3',
      error: '-',
      resource: '-',
    },
    score: (id % 100) / 100,
    raised: 3.5,
    bits: {network: 2.5, operation: 1},
    mostNovel: {facet: 'network', value: '203.0.113.0/24', bits: 2.5},
    source: 'trail',
    object: 'a.json.gz',
    index: id,
    offset: id * 100,
    length: 90,
    reason: id % 100 >= 90 ? 'Never before from this network' : null,
    ...over,
  };
}

export function match(id: number, over: Partial<MatchRow> = {}): MatchRow {
  const principal = `111122223333:user/u${id % 7}`;
  const note = {
    eventId: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    time: NOON + id * 1_000,
    principal,
    operation: 'ec2:ModifySnapshotAttribute',
    account: '111122223333',
    region: 'eu-west-1',
    sourceIp: '203.0.113.9',
    userAgent: 'aws-cli/2',
    error: '-',
    resource: 'external:999988887777',
    score: 0.98,
  };
  return {
    id,
    key: `shared-outside/${id}`,
    revision: 1,
    detection: 'shared-outside',
    kind: 'condition',
    severity: 'high',
    mode: 'live',
    title: `u${id % 7} shared a snapshot with 999988887777`,
    firstTime: note.time,
    lastTime: note.time,
    hits: 1,
    events: 1,
    group: [principal],
    principal,
    account: '111122223333',
    region: 'eu-west-1',
    operation: note.operation,
    score: 0.98,
    facts: {outside: '999988887777'},
    evidence: [note],
    ...over,
  };
}

const RANKS = ['informational', 'low', 'medium', 'high', 'critical'];

/** Matches and episodes in memory. */
export class MemoryDetections implements Partial<DetectionStore> {
  readonly matchRows: MatchRow[] = [];
  readonly episodeRows: EpisodeRow[] = [];

  async matches(filter: MatchFilter, page: {limit: number; cursor?: string | undefined}) {
    const {from = 0, to = Infinity, detection, mode, minSeverity, principal, text} = filter;
    const all = this.matchRows
      .filter(
        (each) =>
          each.lastTime >= from &&
          each.lastTime < to &&
          (detection === undefined || each.detection === detection) &&
          (mode === undefined || each.mode === mode) &&
          (minSeverity === undefined ||
            RANKS.indexOf(each.severity) >= RANKS.indexOf(minSeverity)) &&
          (principal === undefined || each.principal === principal) &&
          (text === undefined || each.title.toLowerCase().includes(text.toLowerCase())),
      )
      .sort((a, b) => b.lastTime - a.lastTime || b.id - a.id);
    const start = Number(page.cursor ?? 0);
    const rows = all.slice(start, start + page.limit);
    const end = start + rows.length;
    return {rows, next: end < all.length ? String(end) : null};
  }
  async match(id: number) {
    return this.matchRows.find((each) => each.id === id);
  }
  async episodes(filter: {principal?: string | undefined}) {
    return this.episodeRows.filter(
      ({principal}) => filter.principal === undefined || principal === filter.principal,
    );
  }
}

/** Declared detections that remember what was asked of them. */
export class FakeDetections implements DetectionService {
  readonly asked: {what: string; actor?: Actor}[] = [];
  readonly infos: DetectionInfo[] = [];
  readonly texts = new Map<string, string>();

  async list() {
    return this.infos;
  }
  async detail(id: string): Promise<DetectionDetail | undefined> {
    const info = this.infos.find((each) => each.id === id);
    if (info === undefined) return undefined;
    return {
      ...info,
      references: [],
      runbook: [],
      groupBy: ['principal'],
      dedupMs: 3_600_000,
      exclusions: [],
      source: `id: ${id}`,
      warnings: [],
      tests: 1,
    };
  }
  async check(text: string): Promise<DetectionCheck> {
    this.asked.push({what: `check ${text.length}`});
    return {ok: true, problems: [], warnings: [], detections: [], tests: []};
  }
  async try(text: string, from: number, to: number): Promise<Outcome<DetectionTrial>> {
    this.asked.push({what: `try ${text.length}`});
    if (text.includes('wrong')) {
      const problem = {file: 'text', line: 2, column: 5, path: 'detections.0', message: 'Is wrong'};
      return {ok: false, problems: [problem]};
    }
    const none = {events: 0, unread: 0, complete: true, matches: 0, days: [], samples: []};
    return {ok: true, value: {from, to, ...none}};
  }
  async alarmHistory(id: string): Promise<AlarmHistory | undefined> {
    if (id !== 'root-used') return undefined;
    return {
      threshold: 1,
      comparison: '>=',
      statistic: 'Sum',
      periodMs: 300_000,
      datapoints: [{start: NOON, value: 1, samples: 1}],
      changes: [],
    };
  }
  async setAlarm(id: string, state: string, reason: string, actor: Actor) {
    this.asked.push({what: `set ${id} ${state} ${reason}`, actor});
    return id === 'root-used';
  }
  async traps(): Promise<TrapInfo[]> {
    return [];
  }
  async drill(id: string, actor: Actor) {
    this.asked.push({what: `drill ${id}`, actor});
    return id === 'decoy-user' ? {ok: true, detail: 'Match 7'} : undefined;
  }
  async files(): Promise<DetectionFile[]> {
    return [...this.texts].map(([name, text]) => ({
      name,
      text,
      readOnly: false,
      revision: String(text.length),
    }));
  }
  async put(name: string, text: string, revision: string, actor: Actor): Promise<FilePut> {
    this.asked.push({what: `put ${name}`, actor});
    const before = this.texts.get(name);
    if ((before === undefined ? '' : String(before.length)) !== revision) {
      return {ok: false, conflict: 'The file is another by now'};
    }
    if (text.includes('wrong')) {
      const problem = {file: name, line: 2, column: 5, path: 'detections.0', message: 'Is wrong'};
      return {ok: false, problems: [problem]};
    }
    this.texts.set(name, text);
    return {ok: true, value: {name, text, readOnly: false, revision: String(text.length)}};
  }
  async failures() {
    return 2;
  }
}

/** A store in memory: slow and plain, for tests of what stands on it. */
export class MemoryStore implements Partial<Store> {
  readonly kind = 'memory';
  readonly rows: StoredObservation[] = [];
  readonly details = new Map<number, ObservationDetail>();
  readonly auditRows: AuditRow[] = [];
  readonly tokenRows = new Map<string, TokenRow>();
  readonly outbox: OutboxRow[] = [];
  readonly settings = new Map<string, string>();
  readonly detections = new MemoryDetections() as MemoryDetections & DetectionStore;
  /** Thrown by whatever is asked next, when set. */
  failure: Error | undefined;

  async head() {
    return {entry: this.rows.length, lastId: this.rows.at(-1)?.id ?? 0};
  }

  #matching(filter: ObservationFilter): StoredObservation[] {
    if (this.failure !== undefined) throw this.failure;
    const {from = 0, to = Infinity, minScore = 0, maxScore = 1, afterId = 0} = filter;
    const part = filter.text?.toLowerCase();
    return this.rows.filter(
      (each) =>
        each.id > afterId &&
        each.eventTime >= from &&
        each.eventTime < to &&
        each.score >= minScore &&
        each.score <= maxScore &&
        (filter.context === undefined || each.context === filter.context) &&
        Object.entries(filter.dimensions ?? {}).every(
          ([name, value]) => each.dimensions[name as 'principal'] === value,
        ) &&
        (part === undefined ||
          each.eventId === part ||
          Object.values(each.dimensions).some((value) => value.toLowerCase().includes(part))),
    );
  }

  async observations(
    filter: ObservationFilter,
    page: {order: 'time' | 'score' | 'id'; limit: number; cursor?: string | undefined},
  ) {
    const all = this.#matching(filter);
    if (page.order === 'time') all.sort((a, b) => b.eventTime - a.eventTime || b.id - a.id);
    if (page.order === 'score') all.sort((a, b) => b.score - a.score || b.id - a.id);
    const start = Number(page.cursor ?? 0);
    const rows = all.slice(start, start + page.limit);
    const end = start + rows.length;
    return {rows, next: end < all.length ? String(end) : null};
  }

  async observation(id: number) {
    if (this.failure !== undefined) throw this.failure;
    return this.rows.find((each) => each.id === id);
  }
  async count(filter: ObservationFilter) {
    return this.#matching(filter).length;
  }
  async byEventId(eventId: string) {
    return this.rows.filter((each) => each.eventId === eventId);
  }
  async detail(id: number) {
    return this.details.get(id);
  }
  async around(id: number, before: number, after: number) {
    const mine = this.rows.find((each) => each.id === id);
    const same = this.rows.filter(
      (each) => each.dimensions.principal === mine?.dimensions.principal,
    );
    const at = same.findIndex((each) => each.id === id);
    return same.slice(Math.max(0, at - before), at + after + 1);
  }
  async plot(filter: ObservationFilter, colour: 'principal', limit: number) {
    const all = this.#matching(filter);
    const rows = all.slice(0, limit);
    const groups = [...new Set(rows.map((each) => each.dimensions[colour]))];
    return {
      ids: rows.map((each) => each.id),
      times: rows.map((each) => each.eventTime),
      scores: rows.map((each) => each.score),
      group: rows.map((each) => groups.indexOf(each.dimensions[colour])),
      groups,
      total: all.length,
      truncated: all.length > rows.length,
    };
  }
  async timeline(filter: ObservationFilter, stretches: number) {
    const all = this.#matching(filter);
    const events = new Array<number>(stretches).fill(0);
    events[0] = all.length;
    return {from: NOON, to: NOON + 1_000_000, events, maxScore: events.map(() => 0)};
  }
  async principals(
    filter: ObservationFilter,
    page: {order: 'score' | 'events' | 'recent'; limit: number; cursor?: string | undefined},
  ) {
    const names = [...new Set(this.#matching(filter).map((each) => each.dimensions.principal))];
    const start = Number(page.cursor ?? 0);
    const rows = names.slice(start, start + page.limit).map((principal) => {
      const mine = this.rows.filter((each) => each.dimensions.principal === principal);
      return {
        principal,
        kind: 'user',
        events: mine.length,
        maxScore: Math.max(...mine.map((each) => each.score)),
        over95: mine.filter((each) => each.score >= 0.95).length,
        over99: mine.filter((each) => each.score >= 0.99).length,
        firstTime: mine[0]?.eventTime ?? 0,
        lastTime: mine.at(-1)?.eventTime ?? 0,
      };
    });
    return {rows, next: start + rows.length < names.length ? String(start + rows.length) : null};
  }
  async values(dimension: 'principal', prefix: string, limit: number) {
    const all = new Set(this.rows.map((each) => each.dimensions[dimension]));
    return [...all].filter((value) => value.startsWith(prefix)).slice(0, limit);
  }
  async deadLetters() {
    const letter = {
      id: 1,
      at: NOON,
      source: 'trail',
      object: 'bad.json',
      reason: 'malformed_json',
      index: -1,
      offset: 0,
      length: 10,
      detail: 'Cut short',
    };
    return {rows: [letter], next: null};
  }
  async deadLetterCounts() {
    return {malformed_json: 1};
  }
  async deliveries(page: {state?: string | undefined}) {
    const rows = this.outbox.filter(
      (each) => page.state === undefined || each.state === page.state,
    );
    return {rows, next: null};
  }
  async audit(entry: Omit<AuditRow, 'id'>) {
    if (this.failure !== undefined) throw this.failure;
    this.auditRows.push({...entry, id: this.auditRows.length + 1});
  }
  async audited(page: {limit: number}) {
    return {rows: [...this.auditRows].reverse().slice(0, page.limit), next: null};
  }
  async tokens() {
    return [...this.tokenRows.values()];
  }
  async putToken(token: TokenRow) {
    this.tokenRows.set(token.id, token);
  }
  async setting(key: string) {
    return this.settings.get(key);
  }
  async putSetting(key: string, value: string) {
    this.settings.set(key, value);
  }
}

export function statusOf(store: MemoryStore): IngestStatus {
  return {
    startedAt: NOON,
    now: NOON + 60_000,
    mode: 'live',
    eventsPerSecond: 12.5,
    observations: store.rows.length,
    lastId: store.rows.at(-1)?.id ?? 0,
    waitingEntries: 0,
    lagMs: 250,
    rejected: {malformed_json: 1},
    dropped: {duplicate: 2},
    memory: {rss: 1e8, model: 1e7, heap: 5e7},
    snapshot: {at: NOON + 30_000, bytes: 1_000, entry: 5},
    store: {kind: 'memory', bytes: 1_000, state: 'ok', detail: '', failures: 0},
    journal: {bytes: 100, entries: 3},
    sources: [
      {
        name: 'trail',
        kind: 'directory',
        state: 'reading',
        detail: '',
        backlog: 0,
        records: 10,
        bytes: 1_000,
        latestEventTime: NOON,
        latestArrival: NOON,
      },
    ],
    warnings: [],
  };
}

export class FakeService implements Service {
  readonly memory = new MemoryStore();
  readonly live: LiveFeed;
  readonly detections = new FakeDetections();
  readonly version = '0.0.0-test';
  /** What was asked of it that changes something. */
  readonly asked: {what: string; actor?: Actor; items?: readonly ObservationInput[]}[] = [];
  recordText: string | undefined = '{"eventVersion":"1.08"}';
  isReady = true;

  constructor(feedCapacity = 20_000) {
    this.live = new LiveFeed(feedCapacity);
  }

  get store(): Store {
    return this.memory as unknown as Store;
  }

  /** Stores rows and tells of them. */
  add(...rows: StoredObservation[]): void {
    this.memory.rows.push(...rows);
    this.live.publish(rows.map(({bits: _, ...live}) => live));
  }

  async status(): Promise<IngestStatus> {
    return statusOf(this.memory);
  }
  async profile(context: string, principal: string): Promise<Profile | undefined> {
    if (principal === 'nobody') return undefined;
    return {context, principal, activeDays: 3, facets: []};
  }
  async contexts(): Promise<ContextInfo[]> {
    return [
      {
        name: 'cloudtrail',
        stream: 'cloudtrail',
        entity: 'principal',
        facets: [],
        learnt: 5,
        bytes: 9,
      },
    ];
  }
  contextNames() {
    return ['cloudtrail'];
  }
  async createContext(name: string, declaration: string, actor: Actor) {
    this.asked.push({what: `create ${name}`, actor});
    if (declaration.includes('wrong')) {
      const problem = {file: name, line: 3, column: 5, path: 'contexts.0', message: 'Is wrong'};
      return {ok: false as const, problems: [problem]};
    }
    return {ok: true as const, value: {...(await this.contexts())[0]!, name}};
  }
  async resetContext(name: string, actor: Actor) {
    this.asked.push({what: `reset ${name}`, actor});
    return name === 'cloudtrail';
  }
  async observe(stream: string, items: readonly ObservationInput[]) {
    this.asked.push({what: `observe ${stream}`, items});
    return stream === 'cloudtrail' ? items.map(noveltyOf) : undefined;
  }
  async score(stream: string, items: readonly ObservationInput[]) {
    return stream === 'cloudtrail' ? items.map(noveltyOf) : undefined;
  }
  async record(): Promise<string | undefined> {
    return this.recordText;
  }
  refusesPush(): undefined {}

  async push(source: string, headers: Headers, body: Uint8Array<ArrayBuffer>) {
    const requestId = headers.get('x-amz-firehose-request-id');
    const response = requestId === null ? {} : {response: {requestId, timestamp: NOON}};
    if (source === 'busy') {
      return {
        ok: false as const,
        status: 503 as const,
        detail: 'Wait',
        afterMs: 1_500,
        ...response,
      };
    }
    if (source !== 'hook') return {ok: false as const, status: 404 as const, detail: 'No such'};
    this.asked.push({what: `push ${body.length}`});
    return {ok: true as const, records: 1, ...response};
  }
  async destinations(): Promise<DestinationInfo[]> {
    return [
      {
        name: 'pager',
        type: 'pagerduty',
        minScore: 0.99,
        target: 'events.pagerduty.com',
        waiting: 0,
        dead: 0,
        lastSentAt: null,
        lastError: '',
      },
    ];
  }
  async testDestination(name: string, actor: Actor) {
    this.asked.push({what: `test ${name}`, actor});
    return name === 'pager' ? {ok: true as const, value: {status: '202'}} : undefined;
  }
  async replayAlerts(destination: string | undefined, actor: Actor) {
    this.asked.push({what: `replay ${destination ?? '*'}`, actor});
    return 3;
  }
  async configuration(): Promise<unknown> {
    return {data_dir: '/var/lib/oddtrail'};
  }
  async reload(actor: Actor) {
    this.asked.push({what: 'reload', actor});
    return {ok: true as const, value: {changed: ['alerts'], needRestart: []}};
  }
  async ready() {
    return {ready: this.isReady, reasons: this.isReady ? [] : ['The store does not answer']};
  }
}

function noveltyOf() {
  return {
    score: 0.5,
    surprise: 1,
    raised: 1,
    context: 'cloudtrail',
    bits: {},
    mostNovel: null,
    reason: '',
  };
}
