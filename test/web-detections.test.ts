import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import type {Browser, BrowserContextOptions, Locator, Page} from 'playwright-core';
import {afterAll, afterEach, beforeAll, expect, test as vitestTest} from 'vitest';
import {type ApiOptions, createApi} from '../src/api/api.ts';
import {type Served, serveApi} from '../src/api/serve.ts';
import {createToken} from '../src/api/tokens.ts';
import type {StoredObservation} from '../src/pipeline/store.ts';
import {CHROMIUM, launchChromium} from './chromium.ts';
import {
  type Asked,
  answerDetections,
  type DetectionData,
  detectionData,
  FILE_TEXT,
  withNews,
} from './detections-fixture.ts';
import {type Story, StoryService, tellStory} from './web-fixture.ts';

const test = vitestTest.skipIf(CHROMIUM === undefined);

const ROOT = join(import.meta.dirname, '..');
const WEB = join(ROOT, 'dist/web/app');
const AXE = readFileSync(
  createRequire(createRequire(import.meta.url).resolve('@axe-core/playwright')).resolve('axe-core'),
  'utf8',
);

let browser: Browser;
let story: Story;
let raul: readonly StoredObservation[];
let latest: number;
const open: Served[] = [];

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  const build = "import('./scripts/setup.mjs').then(({buildWeb}) => buildWeb())";
  const built = spawnSync(process.execPath, ['-e', build], {cwd: ROOT, stdio: 'inherit'});
  expect(built.status).toBe(0);
  story = tellStory(4, 1_000);
  raul = story.rows.filter(({dimensions}) => dimensions.principal.endsWith(':user/raul'));
  latest = story.rows.reduce((most, {eventTime}) => Math.max(most, eventTime), 0);
  browser = await launchChromium();
}, 240_000);

afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});
afterAll(() => browser?.close());

interface Here {
  readonly page: Page;
  readonly url: string;
  readonly data: DetectionData;
  /** Changes that were asked for. */
  readonly asked: readonly Asked[];
  /** What the browser complained of: faults, breaches of policy, dialogs, foreign requests. */
  readonly complaints: readonly string[];
  /** Tells every reader of the stream that there is something new. */
  readonly tell: () => void;
}

/** The pages of a service that has raul's story, and detections as plain data. */
async function visit(
  path: string,
  check: (here: Here) => Promise<void>,
  {
    api: apiOptions = {},
    prepare = () => {},
    ...options
  }: BrowserContextOptions & {
    api?: ApiOptions;
    prepare?: (data: DetectionData) => void;
  } = {},
): Promise<void> {
  const service = new StoryService();
  service.tell(story);
  const data = detectionData(raul, latest);
  prepare(data);
  const asked: Asked[] = [];
  const tellers = new Set<() => void>();
  const api = createApi(service, {
    webRoot: WEB,
    thresholds: [0.95, 0.99],
    stream: {batchMs: 20, statusMs: 250},
    ...apiOptions,
  });
  const answer = async (request: Request, ...rest: unknown[]) => {
    const own = await answerDetections(data, request, asked);
    if (own !== undefined) return own;
    const answered = await (api.fetch as (...all: unknown[]) => Promise<Response>)(
      request,
      ...rest,
    );
    return request.url.includes('/api/v1/stream') ? withNews(answered, tellers) : answered;
  };
  const app = Object.assign(Object.create(api), {fetch: answer}) as typeof api;
  const served = await serveApi(app, {host: '127.0.0.1', port: 0, graceMs: 50});
  open.push(served);
  const {url} = served;
  const context = await browser.newContext({
    viewport: {width: 1280, height: 800},
    colorScheme: 'dark',
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => complaints.push(`dialog ${dialog.message()}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== url) complaints.push(request.url());
  });
  if (apiOptions.auth !== undefined) {
    const {secret} = await createToken(service.store, {name: 'v', scope: 'read', expiresAt: null});
    await page.goto(url);
    await page.getByLabel('Access token').fill(secret);
    await page.getByRole('button', {name: 'Log in'}).click();
    await page.locator('.live-mark').waitFor();
    complaints.length = 0;
  }
  await page.goto(url + path);
  const tell = () => {
    for (const each of tellers) each();
  };
  await check({page, url, data, asked, complaints, tell});
  expect(complaints).toEqual([]);
  await context.close();
}

const titles = (page: Page) => page.locator('.rows-table tbody .title > a:first-child');
const current = (page: Page) => page.locator('.rows-table tr[aria-current="true"]');
const LONG = 120_000;

test(
  'lists detections, the worst first, and narrows them down',
  () =>
    visit('/detections', async ({page}) => {
      await titles(page).first().waitFor();
      const severities = await page.locator('.rows-table .severity').allTextContents();
      expect(severities.slice(0, 3)).toEqual(['critical', 'critical', 'critical']);
      expect(severities.at(-1)).toBe('informational');
      const silent = page.locator('tr', {hasText: 'mass-read-of-secrets'});
      expect(await silent.textContent()).toContain('would have told 21 ×');
      expect(await silent.locator('.day-bars').getAttribute('aria-label')).toBe(
        '21 matches in 30 days, 21 of them silent; at most 5 a day',
      );
      expect(await page.locator('tr', {hasText: 'root-used'}).textContent()).toContain(
        '3 failures',
      );
      await page.getByLabel('Mode').selectOption('silent');
      await page.locator('.count', {hasText: '2 of 8 detections'}).waitFor();
      await page.getByLabel('Kind').selectOption('rate');
      await page.locator('.count', {hasText: '1 of 8 detections'}).waitFor();
      expect(new URL(page.url()).search).toBe('?kind=rate&mode=silent');
      await page.getByRole('button', {name: 'Clear filters'}).click();
      await page.keyboard.press('/');
      await page.keyboard.type('t1078.004');
      await page.locator('.count', {hasText: '2 of 8 detections'}).waitFor();
      expect(new URL(page.url()).searchParams.get('text')).toBe('t1078.004');
      await page.reload();
      await page.locator('.count', {hasText: '2 of 8 detections'}).waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('k');
      expect(await current(page).textContent()).toContain('snapshot-shared-outside');
      await page.keyboard.press('Enter');
      await page.locator('.headline', {hasText: 'shared a snapshot with'}).waitFor();
      expect(new URL(page.url()).pathname).toBe('/detections/snapshot-shared-outside');
      await page.goBack();
      await page.locator('.count', {hasText: '2 of 8'}).waitFor();
      for (const [key, heading] of [
        ['m', 'Matches'],
        ['t', 'Traps'],
        ['r', 'Rates beside novelty'],
        ['d', 'Detections'],
      ] as const) {
        await page.keyboard.press('g');
        await page.keyboard.press(key);
        await page.getByRole('heading', {name: heading, exact: true, level: 1}).waitFor();
      }
    }),
  LONG,
);

test(
  'makes only the rows in view of a long list',
  () =>
    visit(
      '/detections',
      async ({page}) => {
        await page.locator('.count', {hasText: '1,500 detections'}).waitFor();
        await titles(page).first().waitFor();
        expect(await page.locator('.rows-table tbody tr').count()).toBeLessThan(120);
        for (let i = 0; i < 30; i++) await page.keyboard.press('PageDown');
        const id = 'many-0580';
        await page.locator('tr[aria-current="true"]', {hasText: id}).waitFor();
        await page.waitForFunction(() => {
          const box = document.querySelector('tr[aria-current="true"]')?.getBoundingClientRect();
          return box !== undefined && box.top >= 0 && box.bottom <= innerHeight;
        });
      },
      {
        prepare: (data) => {
          const [first] = data.detections;
          data.detections = Array.from({length: 1_500}, (_, i) => ({
            ...first!,
            id: `many-${String(i).padStart(4, '0')}`,
          }));
        },
      },
    ),
  LONG,
);

test(
  'shows all of a detection, and follows safe links alone',
  () =>
    visit('/detections/snapshot-shared-outside', async ({page}) => {
      await page.locator('.headline').waitFor();
      expect(await page.locator('.runbook li').count()).toBe(3);
      const hrefs = await page
        .locator('a[target="_blank"]')
        .evaluateAll((all) => all.map((each) => (each as HTMLAnchorElement).href));
      expect(hrefs).toEqual([
        'https://attack.mitre.org/techniques/T1537/',
        'https://attack.mitre.org/techniques/T1078/004/',
        expect.stringContaining('https://docs.aws.amazon.com/'),
      ]);
      expect(await page.locator('.facts').first().textContent()).toContain('javascript:alert(1)');
      expect(await page.locator('a[href^="javascript"]').count()).toBe(0);
      const expired = page.locator('tr.expired');
      expect(await expired.count()).toBe(1);
      expect(await expired.textContent()).toContain('expired: leaves out nothing');
      expect(await page.locator('tr', {hasText: 'auditors'}).textContent()).toContain('in 5 d');
      expect(await page.locator('.record pre').textContent()).toContain('group_by: [principal]');
      expect(await page.getByLabel('Warnings').textContent()).toContain('line 7:19');
      await titles(page).first().click();
      await page.waitForURL('**/matches/7');
    }),
  LONG,
);

/** Which of these colours a plot has pixels of; in one reading. */
function paintedOf(plot: Locator, colours: readonly number[]): Promise<boolean[]> {
  return plot.locator('canvas').evaluate((element, wanted) => {
    const canvas = element as HTMLCanvasElement;
    const {data} = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const found = new Set<number>();
    for (let i = 0; i < data.length; i += 4) {
      found.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
    }
    return wanted.map((colour) => found.has(colour));
  }, colours);
}

test(
  'shows an alarm with its plot and the events behind it, and drills it',
  () =>
    visit('/detections/unauthorized-api-calls?last=24h', async ({page, asked, url}) => {
      const plot = page.getByRole('img', {name: /Sum of .* against the threshold 10/});
      await plot.waitFor();
      expect(await plot.getAttribute('aria-label')).toContain('in ALARM 1 ×');
      // Bars below and over the threshold, its line, and the band of OK.
      const painted = await paintedOf(plot, [0x7db5f5, 0xff7480, 0xf2ab3c, 0x6fcf8a]);
      expect(painted).toEqual([true, true, true, true]);
      const first = page.locator('.changes details').first();
      expect(await first.locator('summary').textContent()).toContain('OK → ALARM');
      expect(await first.locator('tbody tr').count()).toBe(4);
      expect(await first.textContent()).toContain('203.0.113.77');
      // A zoom is a place of its own.
      const box = (await page.locator('.alarm .u-over').boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.6, box.y + 50);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.9, box.y + 55, {steps: 4});
      await page.mouse.up();
      await page.waitForFunction(() => location.search.includes('from='));
      await page.getByRole('button', {name: 'Whole range'}).click();
      await page.getByText('Set state (drill)').click();
      const button = page.getByRole('button', {name: 'Set state'});
      expect(await button.isDisabled()).toBe(true);
      await page.getByLabel('Reason').fill('Does the pager ring?');
      await button.click();
      await page.getByText('Set to ALARM, until its next evaluation').waitFor();
      expect(asked).toEqual([
        {
          method: 'POST',
          path: 'alarms/unauthorized-api-calls/state',
          body: {state: 'ALARM', reason: 'Does the pager ring?'},
        },
      ]);
      await page.goto(`${url}/detections/refused-and-novel`);
      await page.getByRole('img', {name: /States of the alarm/}).waitFor();
    }),
  LONG,
);

test(
  'draws a series for each combination of dimensions, and says what is kept of them',
  () =>
    visit(
      '/detections/unauthorized-api-calls?last=24h',
      async ({page, url}) => {
        const plot = page.getByRole('img', {name: /Sum of 2 periods in 2 series against/});
        await plot.waitFor();
        const series = page.getByRole('list', {name: 'Series'}).locator('li');
        expect(await series.allTextContents()).toEqual([
          'identity raul at most 8',
          'identity backup at most 1',
        ]);
        await page.getByText('only the datapoints that a change of state was decided on').waitFor();
        expect(await paintedOf(plot, [0x5cb6ff, 0x6fd383])).toEqual([true, true]);
        await page.getByText('in ALARM when at or above 8').waitFor();
        // Before its first change it was in the state that this change left.
        const [from, to] = [latest - 20 * 3_600_000, latest - 19 * 3_600_000];
        await page.goto(`${url}/detections/unauthorized-api-calls?from=${from}&to=${to}`);
        await page.getByText('No datapoints are kept from this stretch of time').waitFor();
        const past = page.getByRole('img', {name: /Sum of 0 periods/});
        await past.waitFor();
        // Insufficient data, and not OK.
        expect(await paintedOf(past, [0x5d7389, 0x6fcf8a])).toEqual([true, false]);
      },
      {
        prepare: (data) => {
          const history = data.histories['unauthorized-api-calls']!;
          const change = (hours: number, name: string, to: 'OK' | 'ALARM', value: number) => ({
            ...history.changes[0]!,
            time: latest - hours * 3_600_000,
            from: to === 'OK' ? ('INSUFFICIENT_DATA' as const) : ('OK' as const),
            to,
            reason: `identity ${name}: The only datapoint [${value} from …] was decided on`,
            datapoints: [{start: latest - hours * 3_600_000 - 300_000, value}],
          });
          data.histories['unauthorized-api-calls'] = {
            ...history,
            threshold: 8,
            comparison: '>=',
            datapoints: [],
            changes: [change(10, 'backup', 'OK', 1), change(5, 'raul', 'ALARM', 8)],
          };
        },
      },
    ),
  LONG,
);

test(
  'leads from a detection of a pack to where it is declared',
  () =>
    visit(
      '/detections/root-used',
      async ({page}) => {
        await page.locator('.headline').waitFor();
        await page.keyboard.press('e');
        await content(page).waitFor();
        expect(await page.getByLabel('File', {exact: true}).inputValue()).toBe('cis/tuned.yml');
        await page.locator('.cm-activeLine', {hasText: 'id: root-used'}).waitFor();
        await page.goBack();
        await page.waitForURL('**/detections/root-used');
      },
      {
        prepare: (data) => {
          const other = FILE_TEXT.replace('snapshot-shared-outside', 'root-used');
          data.files = [
            {name: 'cis/verbatim.yml', text: FILE_TEXT, readOnly: true, revision: 'p1'},
            {name: 'cis/tuned.yml', text: `# Tuned.\n${other}`, readOnly: true, revision: 'p2'},
          ];
        },
      },
    ),
  LONG,
);

test(
  'keeps matches that were shown when new ones move them on, within a stretch of time',
  () =>
    visit(
      '/matches',
      async ({page, data, tell}) => {
        await page.getByRole('button', {name: 'Show more'}).click();
        await page.waitForFunction(
          () => document.querySelectorAll('.rows-table tbody tr').length === 105,
        );
        data.matches.unshift({...data.matches[0]!, id: 999, title: 'raul did it again'});
        tell();
        await page.getByRole('link', {name: 'raul did it again'}).waitFor();
        const all = await titles(page).allTextContents();
        expect(all.length).toBe(106);
        expect(new Set(all).size).toBe(106);
        await page.getByLabel('Time').selectOption('1h');
        await page.waitForURL('**/matches?last=1h');
        await page.getByText('No matches like this.').waitFor();
        await page.reload();
        await page.getByText('No matches like this.').waitFor();
        await page.goBack();
        await page.getByRole('link', {name: 'raul did it again'}).waitFor();
      },
      {
        prepare: (data) => {
          const [first] = data.matches;
          data.matches = Array.from({length: 105}, (_, i) => ({
            ...first!,
            id: i + 1,
            title: `match ${i + 1}`,
            firstTime: latest - 90_000_000,
            lastTime: latest - 90_000_000,
          }));
        },
      },
    ),
  LONG,
);

test(
  'lists matches with filters, and opens one down to its observations',
  () =>
    visit('/matches', async ({page, data, tell}) => {
      await titles(page).first().waitFor();
      expect(await titles(page).count()).toBe(4);
      await page.getByLabel('Lowest severity').selectOption('critical');
      await page.waitForFunction(() => location.search === '?minSeverity=critical');
      await page.waitForFunction(
        () => document.querySelectorAll('.rows-table tbody tr').length === 1,
      );
      await page.keyboard.press('Escape');
      await page.getByLabel('Mode').selectOption('silent');
      await page.locator('.rows-table .badge').waitFor();
      expect(await titles(page).allTextContents()).toEqual(['app-web read 14 secrets within 10m']);
      await page.keyboard.press('Escape');
      // What is new comes by itself.
      data.matches.unshift({...data.matches[0]!, id: 8, title: 'raul did it again'});
      tell();
      await page.getByRole('link', {name: 'raul did it again'}).waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/matches/7');
      await page.locator('.evidence tbody tr').first().waitFor();
      expect(await page.locator('.evidence tbody tr').count()).toBe(4);
      expect(await page.locator('main').textContent()).toContain('snap-0a1b2c3d4e5f60718');
      await page.locator('.runbook li').first().waitFor();
      const {eventId} = data.matches[1]!.evidence[2]!;
      const row = story.rows.find((each) => each.eventId === eventId)!;
      await page.locator('.evidence tbody tr').nth(2).locator('time').click();
      await page.waitForURL(`**/observations/${row.id}`);
      // The observation in turn names the match.
      await page.locator('.event-matches a', {hasText: 'raul shared a snapshot'}).click();
      await page.waitForURL('**/matches/7');
      await page.keyboard.press('p');
      await page.getByRole('heading', {name: 'raul', exact: true}).waitFor();
      await page.locator('.matches .title').first().waitFor();
      expect(await page.locator('main').textContent()).toContain('No episode of unusual rate');
    }),
  LONG,
);

test(
  'shows traps and what they lack, and drills one',
  () =>
    visit('/traps', async ({page, asked}) => {
      await page.getByText('a touch of 1 would not be logged').waitFor();
      const blind = page.locator('tr', {hasText: 'acme-payroll'});
      await blind.getByText('What is needed').click();
      expect(await blind.locator('pre').textContent()).toContain('AWS::S3::Object');
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await blind.getByRole('button', {name: 'Copy what is needed'}).click();
      await blind.getByText('Copied').waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      expect(JSON.parse(copied)).toMatchObject({Name: 'decoys'});
      await page.getByRole('button', {name: 'Drill decoy-backup-admin'}).click();
      await page.getByText('Matched after 0.3 s').waitFor();
      expect(asked.map(({path}) => path)).toEqual(['traps/decoy-backup-admin/drill']);
    }),
  LONG,
);

test(
  'what nobody touched says so, and what is off stands last and cannot be drilled',
  () =>
    visit(
      '/traps',
      async ({page}) => {
        await page.getByText('3 decoys, 1 of them off').waitFor();
        const rows = page.locator('.rows-table tbody tr');
        expect(await rows.nth(1).textContent()).toContain('never');
        expect(await page.getByRole('status').first().textContent()).not.toContain('touched');
        expect(await rows.nth(2).textContent()).toContain('AKIAIOSFODNN7EXAMPLE');
        expect(await page.getByRole('button', {name: 'Drill decoy-key'}).isDisabled()).toBe(true);
        await page.getByText('4 identities').click();
        await page.getByText('111111111111:role/four').waitFor();
      },
      {
        prepare: (data) => {
          const [user, bucket, key] = data.traps;
          const allowed = ['one', 'two', 'three', 'four'].map((name) => ({
            who: `111111111111:role/${name}`,
            owner: 'platform',
            reason: 'Lists all users',
          }));
          data.traps = [{...key!, mode: 'off', lastTouch: null}, {...user!, allowed}, bucket!];
        },
      },
    ),
  LONG,
);

test(
  'says of a trial that ended early no more than it knows',
  () =>
    visit(
      '/detections/edit?file=own.yml',
      async ({page, data}) => {
        await content(page).waitFor();
        await page.getByRole('button', {name: 'Try on history'}).click();
        await page.getByText('No match in the part that was gone through').waitFor();
        data.trial = {...data.trial, matches: 3};
        await page.getByRole('button', {name: 'Try on history'}).click();
        await page.getByText('Would have matched at least 3 times in 30 days').waitFor();
      },
      {
        prepare: (data) => {
          data.trial = {...data.trial, complete: false, matches: 0, days: [], samples: []};
        },
      },
    ),
  LONG,
);

test(
  'a viewer may look, not act',
  () =>
    visit(
      '/traps',
      async ({page, url}) => {
        const button = page.getByRole('button', {name: 'Drill decoy-backup-admin'});
        await button.waitFor();
        expect(await button.isDisabled()).toBe(true);
        await page.goto(`${url}/detections/edit?file=own.yml`);
        await page.getByText('Saving needs the role of an admin').waitFor();
        expect(await page.getByRole('button', {name: 'Save'}).isDisabled()).toBe(true);
      },
      {api: {auth: {}}},
    ),
  LONG,
);

test(
  'sets rates beside novelty, on one axis with one cursor',
  () =>
    visit(`/rates?principal=${encodeURIComponent(raulName())}`, async ({page}) => {
      await page.getByText('no episode touches raul').waitFor();
      const high = raul.filter(({score}) => score >= 0.95).length;
      expect(await page.locator('.sentence').textContent()).toContain(
        `${high} of raul’s ${raul.length} observations`,
      );
      const [above, below] = [page.locator('.u-over').first(), page.locator('.u-over').nth(1)];
      const [a, b] = [(await above.boundingBox())!, (await below.boundingBox())!];
      expect([b.x, b.width]).toEqual([a.x, a.width]);
      await page.mouse.move(a.x + a.width / 3, a.y + 40);
      const lines = () =>
        page
          .locator('.u-cursor-x')
          .evaluateAll((all) => all.map((each) => Math.round(each.getBoundingClientRect().x)));
      await page.waitForFunction(() =>
        [...document.querySelectorAll('.u-cursor-x')].every(
          (each) => each.getBoundingClientRect().x > 100,
        ),
      );
      const [first, second] = await lines();
      expect(Math.abs(first! - second!)).toBeLessThanOrEqual(1);
      expect(await page.locator('.episodes .badge').textContent()).toBe('Insight');
      // A zoom of one is a zoom of both.
      await page.mouse.move(b.x + b.width * 0.4, b.y + 60);
      await page.mouse.down();
      await page.mouse.move(b.x + b.width * 0.98, b.y + 62, {steps: 4});
      await page.mouse.up();
      await page.getByRole('button', {name: 'Whole range'}).waitFor();
      const {searchParams} = new URL(page.url());
      expect(searchParams.get('principal')).toBe(raulName());
      expect(Date.parse(searchParams.get('from')!)).toBeLessThan(latest);
      await page.getByRole('button', {name: 'Everybody'}).click();
      await page.getByText('By volume:').waitFor();
      expect(new URL(page.url()).searchParams.has('principal')).toBe(false);
    }),
  LONG,
);

const content = (page: Page) => page.locator('.cm-content');

/** Writes at the end of a line of the editor, counted from 1. */
async function append(page: Page, line: number, text: string): Promise<void> {
  await page
    .locator('.cm-line')
    .nth(line - 1)
    .click();
  await page.keyboard.press('End');
  await page.keyboard.type(text);
}

test(
  'checks as one types, leads to problems, tries on history and saves',
  () =>
    visit('/detections/edit?file=own.yml', async ({page, asked, data}) => {
      await content(page).waitFor();
      await page.getByText('No problems · 1 test passes').waitFor();
      expect(await page.getByRole('button', {name: 'Save'}).isDisabled()).toBe(true);
      await append(page, 5, ' wrong');
      await page.getByText('1 problem ·').waitFor();
      await page.locator('.cm-lintRange-error').waitFor();
      await page.locator('.cm-line').nth(15).click();
      await page.getByRole('button', {name: 'Go to line 5, column 24'}).click();
      expect(await page.locator('.cm-activeLine').textContent()).toContain(
        'severity: critical wrong',
      );
      // Keys of the page are letters here.
      await page.keyboard.press('End');
      await page.keyboard.type(' gd?');
      expect(new URL(page.url()).pathname).toBe('/detections/edit');
      for (let i = 0; i < ' wrong gd?'.length; i++) await page.keyboard.press('Backspace');
      await page.getByText('No problems · 1 test passes').waitFor();
      await page.keyboard.press('End');
      await page.keyboard.type('   # as agreed');
      await page.keyboard.press('Control+Enter');
      await page.getByText('Would have matched 12 times in 30 days').waitFor();
      expect(await page.locator('main').textContent()).toContain('3 records could not be read');
      const tried = asked.find(({path}) => path === 'detections/try')!.body as {
        from: number;
        to: number;
      };
      expect(tried.to - tried.from).toBe(30 * 86_400_000);
      expect(tried.to).toBe(latest + 1);
      await content(page).click();
      await page.keyboard.press('Control+s');
      await page.locator('.edit-tools', {hasText: 'Saved'}).waitFor();
      expect(data.files[0]!.text).toContain('severity: critical   # as agreed');
      expect(await content(page).textContent()).toContain('# as agreed');
    }),
  LONG,
);

test(
  'overwrites nobody, and loses nothing unsaved unasked',
  () =>
    visit('/detections/edit?file=own.yml', async ({page, data, complaints}) => {
      await content(page).waitFor();
      await append(page, 1, ' Mine.');
      data.files[0] = {...data.files[0]!, text: '# Theirs.\n', revision: 'r2'};
      await page.getByRole('button', {name: 'Save'}).click();
      await page.getByText('Somebody else changed this file').waitFor();
      expect(data.files[0]!.text).toBe('# Theirs.\n');
      await page.getByRole('button', {name: 'Save mine over theirs'}).click();
      await page.locator('.edit-tools', {hasText: 'Saved'}).waitFor();
      expect(data.files[0]!.text).toContain(' Mine.');
      await append(page, 1, ' More.');
      await page.locator('.edit-tools', {hasText: 'Not saved'}).waitFor();
      const answers = [false, true];
      page.removeAllListeners('dialog');
      page.on('dialog', (dialog) => void (answers.shift() ? dialog.accept() : dialog.dismiss()));
      await page.getByRole('link', {name: 'Traps'}).click();
      expect(await content(page).textContent()).toContain(' More.');
      expect(new URL(page.url()).pathname).toBe('/detections/edit');
      await page.getByRole('link', {name: 'Traps'}).click();
      await page.getByRole('heading', {name: 'Traps'}).waitFor();
      expect(complaints.filter((each) => !each.includes('409'))).toEqual([]);
      (complaints as string[]).length = 0;
    }),
  LONG,
);

test(
  'begins a new file from a template, and says why one is refused',
  () =>
    visit('/detections/edit', async ({page, data}) => {
      await page.getByLabel('File').selectOption({label: 'New file …'});
      await content(page).waitFor();
      await page.getByText('No problems · 1 test passes').waitFor();
      await page.getByLabel('Name').fill('../evil.yml');
      await page.getByText('A name such as own.yml').waitFor();
      await page.getByLabel('Name').fill('more.yml');
      await page.getByRole('button', {name: 'Save'}).click();
      await page.waitForFunction(() => location.search === '?file=more.yml');
      await page.locator('.edit-tools', {hasText: 'As saved'}).waitFor();
      expect(data.files.at(-1)!.text).toContain('- id: my-detection');
    }),
  LONG,
);

const PAYLOAD = [
  '</script><script>document.title="pwned"</script>',
  '<img src=x onerror=alert(1)>',
  'javascript:alert(3)',
  '\u202egnp.exe',
  'x'.repeat(300),
].join('');

test(
  'shows hostile texts as text, and wraps them',
  () =>
    visit(
      '/matches',
      async ({page, url}) => {
        for (const path of [
          '/matches',
          '/matches/7',
          `/detections/${encodeURIComponent('snapshot-shared-outside')}`,
          '/detections',
          '/traps',
          '/rates',
          '/detections/edit?file=own.yml',
        ]) {
          await page.goto(url + path);
          await page.getByText('gnp.exe').first().waitFor({state: 'attached'});
          expect(await page.locator('img, iframe, [onload], [onerror]').count()).toBe(0);
          expect(await page.locator('a[href^="javascript"]').count()).toBe(0);
          expect(await tooWide(page), path).toEqual([]);
        }
      },
      {
        viewport: {width: 390, height: 844},
        prepare: (data) => {
          const hostile = <T>(value: T): T =>
            JSON.parse(
              JSON.stringify(value, (name, each: unknown) =>
                typeof each === 'string' && !KEPT.includes(name) ? PAYLOAD : each,
              ),
            ) as T;
          data.matches = data.matches.map(hostile);
          data.detections = data.detections.map(hostile);
          data.traps = data.traps.map(hostile);
          data.episodes = data.episodes.map(hostile);
          data.files = data.files.map((file) => ({...file, text: `# ${PAYLOAD}\n`}));
        },
      },
    ),
  LONG,
);
/** Of closed sets, or needed to find the thing again. */
const KEPT = [
  ...['id', 'kind', 'severity', 'mode', 'state', 'logged', 'measure', 'origin', 'attribute'],
  ...['eventId', 'detection'],
];

/** What makes the page wider than its window; nothing if it is not. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const {scrollWidth, clientWidth} = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return [...document.querySelectorAll('body *')]
      .filter((each) => each.getBoundingClientRect().right > clientWidth + 1)
      .map((each) => `${each.tagName}.${each.getAttribute('class')}`);
  });
}

function raulName(): string {
  return raul?.[0]?.dimensions.principal ?? '';
}

/** Places, and what is there once they are complete. */
const PAGES: readonly (readonly [path: string, complete: string])[] = [
  ['/detections?sel=root-used', '.rows-table td'],
  ['/detections/snapshot-shared-outside', '.rows-table td'],
  ['/detections/unauthorized-api-calls', '.changes td'],
  ['/matches?sel=7', '.rows-table td'],
  ['/matches/7', '.runbook li'],
  ['/traps', '.rows-table td'],
  ['/rates', '.episodes td'],
  ['/events/none', '.notice'],
  ['/detections/edit?file=own.yml', '.problems button'],
];

test.each([
  ['dark', 1280],
  ['light', 1280],
  ['dark', 390],
] as const)(
  'axe finds nothing amiss and all fits, %s at %i',
  (colorScheme, width) =>
    visit(
      '/detections',
      async ({page, url}) => {
        for (const [path, complete] of PAGES) {
          await page.goto(url + path);
          await page.locator(complete).first().waitFor();
          await page.locator('.live-mark').waitFor();
          await page.evaluate(AXE);
          const found = await page.evaluate(async () => {
            const {axe} = globalThis as unknown as {axe: typeof import('axe-core')};
            const {violations} = await axe.run(document);
            return violations.map(
              ({id, nodes}) => `${id}: ${nodes.map(({html}) => html).join(' ')}`,
            );
          });
          expect(found, path).toEqual([]);
          expect(await tooWide(page), path).toEqual([]);
        }
      },
      {colorScheme, viewport: {width, height: 844}},
    ),
  240_000,
);
