import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import type {Browser, Page} from 'playwright-core';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {renderReport} from '../src/app/report.ts';
import type {ReportData} from '../src/web/report/data.ts';
import {CHROMIUM, launchChromium} from './chromium.ts';
import {emptyReport, fakeReport, withEveryString} from './report-fixture.ts';

let browser: Browser | undefined;
let folder: string;

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  folder = await mkdtemp(join(tmpdir(), 'report-page-'));
  browser = await launchChromium();
});

afterAll(async () => {
  if (browser === undefined) return;
  await browser.close();
  await rm(folder, {recursive: true});
});

/** Opens a report from a file, lets `check` use it, and expects no complaint and no request. */
async function withPage(
  data: ReportData,
  check: (page: Page) => Promise<void>,
  size = {width: 1400, height: 900},
): Promise<void> {
  const file = join(folder, 'report.html');
  await writeFile(file, renderReport(data));
  const page = await browser!.newPage({viewport: size, colorScheme: 'dark'});
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  await check(page);
  expect(complaints).toEqual([]);
  expect(requests).toEqual([pathToFileURL(file).href]);
  await page.close();
}

const scores = (page: Page) => page.locator('tr.event button.score').allTextContents();
const names = (page: Page) => page.locator('tr.event .who').allTextContents();
const ground = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

/** Moves over the right of the plot, where raul is, downwards until it tells of a point. */
async function hover(page: Page): Promise<{x: number; y: number}> {
  const box = (await page.locator('.u-over').boundingBox())!;
  for (let y = 4; y < box.height; y += 12) {
    for (let x = box.width * 0.7; x < box.width * 0.9; x += 12) {
      await page.mouse.move(box.x + x, box.y + y);
      if (await page.locator('.tip').isVisible()) return {x: box.x + x, y: box.y + y};
    }
  }
  throw new Error('No point found on the plot');
}

test.skipIf(CHROMIUM === undefined)('tells the story of raul', async () => {
  await withPage(fakeReport(5_000), async (page) => {
    expect(await page.title()).toBe('Novelty in CloudTrail, 5–18 October 2026');
    expect(await page.locator('#totals').textContent()).toContain('5,000');
    expect((await scores(page))[0]).toBe('0.999962');
    expect((await names(page)).filter((name) => name === 'raul').length).toBe(9);
    expect(await page.locator('.principals .who button').first().textContent()).toBe('raul');
    expect(await page.locator('#plot canvas').count()).toBe(1);
  });
});

test.skipIf(CHROMIUM === undefined)(
  'an event tells through whose credentials it was done',
  async () => {
    const report = fakeReport(300);
    const chain = 'acting through credentials issued to mallory';
    const top = report.top.map((event) => ({...event, origin: '111122223333:user/mallory', chain}));
    await withPage({...report, top}, async (page) => {
      expect(await page.locator('tr.event .why').first().textContent()).toContain(`; ${chain}`);
      await page.locator('tr.event button.score').first().click();
      const facts = await page.locator('.explanation .facts').textContent();
      expect(facts).toContain('Credentialsissued to 111122223333:user/mallory');
    });
  },
);

test.skipIf(CHROMIUM === undefined)('hovering and clicking a point tell of its event', async () => {
  await withPage(fakeReport(300), async (page) => {
    const at = await hover(page);
    expect(await page.locator('.tip').textContent()).toContain('raul ec2:');
    await page.mouse.click(at.x, at.y);
    await page.locator('.explanation').waitFor();
    expect(await page.locator('tr.current .who').textContent()).toBe('raul');
  });
});

test.skipIf(CHROMIUM === undefined)('dragging zooms, and a double click undoes it', async () => {
  await withPage(fakeReport(300), async (page) => {
    const all = (await scores(page)).length;
    const box = (await page.locator('.u-over').boundingBox())!;
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.75, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.9, y + 5, {steps: 4});
    await page.mouse.up();
    await page.getByRole('button', {name: 'Whole range'}).waitFor();
    // Day 11 alone: the snapshot, shared and deleted.
    expect((await names(page)).every((name) => name === 'raul')).toBe(true);
    expect((await scores(page)).length).toBeLessThan(all);
    await page.mouse.dblclick(box.x + box.width * 0.5, y);
    await page.getByRole('button', {name: 'Whole range'}).waitFor({state: 'hidden'});
    expect((await scores(page)).length).toBe(all);
  });
});

test.skipIf(CHROMIUM === undefined)('the keyboard is enough', async () => {
  await withPage(fakeReport(3_000), async (page) => {
    const press = (key: string) => page.keyboard.press(key);
    const current = () => page.locator('tr.current button.score').textContent();
    await press('j');
    expect(await current()).toBe('0.999962');
    await press('j');
    await press('k');
    expect(await current()).toBe('0.999962');
    await press('Enter');
    expect(await page.locator('tr.current button.score').getAttribute('aria-expanded')).toBe(
      'true',
    );
    expect(await page.locator('.explanation .most th').textContent()).toBe('operation');
    expect(await page.locator('.explanation pre').textContent()).toContain('"999988887777"');
    await press('p');
    expect(await page.locator('.chip').textContent()).toContain('raul');
    expect(new Set(await names(page))).toEqual(new Set(['raul']));
    await press('s');
    expect((await scores(page))[0]).toBe('0.963');
    await press('z');
    await page.getByRole('button', {name: 'Whole range'}).waitFor();
    expect((await scores(page)).length).toBe(4);
    for (const _ of [1, 2, 3]) await press('Escape');
    await page.getByRole('button', {name: 'Whole range'}).waitFor({state: 'hidden'});
    expect(await page.locator('.explanation').count()).toBe(0);
    await press('/');
    await page.keyboard.type('raul listnamespaces');
    expect(await scores(page)).toEqual(['0.9961']);
    await press('Enter');
    await press('u');
    expect(await page.locator('#tools').textContent()).toContain('Local time');
    await press('?');
    expect(await page.locator('dialog').isVisible()).toBe(true);
    await press('Escape');
    expect(await page.locator('dialog').isVisible()).toBe(false);
  });
});

test.skipIf(CHROMIUM === undefined)('turns from dark to light and back', async () => {
  await withPage(fakeReport(100), async (page) => {
    const dark = await ground(page);
    await page.keyboard.press('t');
    const light = await ground(page);
    expect(light).toBe('rgb(255, 255, 255)');
    expect(light).not.toBe(dark);
    await page.getByRole('button', {name: 'Theme'}).click();
    expect(await ground(page)).toBe(dark);
    await page.emulateMedia({colorScheme: 'light'});
    expect(await ground(page)).toBe(dark);
  });
});

test.skipIf(CHROMIUM === undefined)('shows hostile strings, and runs none of them', async () => {
  const payloads = [
    '</script><script>document.title="pwned"</script>',
    '<img src=x onerror=alert(1)>',
    '"><svg onload=alert(2)>',
    'javascript:alert(3)',
    '<!--<script>',
    '\u2028alert(4)\u2029',
    '<iframe srcdoc="<script>parent.alert(5)</script>">',
  ].join('');
  const plain = fakeReport(200);
  const hostile = withEveryString(plain, (text) => `${payloads}${text}`);
  const totals = {...hostile.totals, rejected: {[payloads]: 2}, dropped: {[payloads]: 1}};
  await withPage({...hostile, totals}, async (page) => {
    expect(await page.title()).toContain('<img src=x onerror=alert(1)>');
    await hover(page);
    const rows = await page.locator('tr.event').count();
    for (let i = 0; i < rows; i++) {
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
    }
    expect(await page.locator('.explanation').count()).toBe(rows);
    await page.keyboard.press('p');
    expect(await page.locator('.chip').textContent()).toContain('<svg onload=alert(2)>');
    expect(await page.locator('img, iframe, a, svg:not(.spark), [onload], [onerror]').count()).toBe(
      0,
    );
    expect(await page.locator('script').count()).toBe(3);
  });
});

test.skipIf(CHROMIUM === undefined)('says so when nothing happened', async () => {
  await withPage(emptyReport(), async (page) => {
    expect(await page.locator('#plot').textContent()).toBe('No events in these files.');
    for (const key of ['j', 'Enter', 'p', 'z', '0', 's', 'c', 'Escape']) {
      await page.keyboard.press(key);
    }
  });
});

test.skipIf(CHROMIUM === undefined)('fits a narrow window', async () => {
  const size = {width: 390, height: 800};
  const check = async (page: Page) => {
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    const over = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
    expect(await page.evaluate(over)).toBe(0);
  };
  await withPage(fakeReport(500), check, size);
});
