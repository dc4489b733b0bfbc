import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, expect, test} from 'vitest';
import {type Line, linesOf, run, scratch, smallTrail} from './harness.ts';

const folder = scratch();
const model = join(folder, 'model.odt');
let trail = '';
let lines: Line[] = [];
let novel: Line;

beforeAll(async () => {
  trail = await smallTrail(folder);
  const {stdout} = await run(['score', trail, '--format', 'jsonl', '--model', model]);
  lines = linesOf(stdout);
  novel = lines.reduce((a, b) => (b.score > a.score ? b : a));
});

test('explain tells of one event what score said, and shows its record', async () => {
  const {eventId} = novel;
  const [text, json] = await Promise.all([
    run(['explain', eventId, trail]),
    run(['explain', eventId, trail, '--format', 'json']),
  ]);
  expect(text.code).toBe(0);
  expect(text.stdout).toContain(eventId);
  expect(text.stdout).toContain(novel.reason.slice(0, 40));
  expect(text.stdout).toContain('record:');
  const told = JSON.parse(json.stdout) as Record<string, unknown> & {
    record: {eventID: string};
    explanation: {facets: unknown[]; sentence: string};
  };
  expect(told.score).toBeCloseTo(novel.score, 5);
  expect(told.explanation.sentence).toBe(novel.reason);
  expect(told.explanation.facets.length).toBeGreaterThan(5);
  expect(told.record.eventID).toBe(eventId);
  expect(told.source).toEqual(novel.source);
});

test('explain by a model judges as if it had not learnt the event, and leaves the model', async () => {
  const before = readFileSync(model);
  const args = ['explain', novel.eventId, novel.source.file, '--model', model, '--format', 'json'];
  const {code, stdout} = await run(args);
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as {surpriseBits: number}).surpriseBits).toBeGreaterThan(1);
  expect(readFileSync(model).equals(before)).toBe(true);
});

test('explain says what is wrong with what it was asked', async () => {
  const outcomes = await Promise.all([
    run(['explain', 'no-such-event', trail]),
    run(['explain', novel.eventId]),
    run(['explain', novel.eventId, trail, '--model', join(folder, 'none.odt')]),
  ]);
  expect(outcomes.map(({code}) => code)).toEqual([2, 2, 2]);
  expect(outcomes[0]?.stderr).toContain('No event "no-such-event"');
  expect(outcomes[1]?.stderr).toContain('No paths');
  expect(outcomes[2]?.stderr).toContain('There is no model');
});

test('inspect tells what is normal for a principal, by name or a part of it', async () => {
  const {principal} = novel;
  const name = principal.split('/').at(-1)!;
  const [whole, part, json, many, none] = await Promise.all([
    run(['inspect', principal, '--model', model]),
    run(['inspect', name, '--model', model]),
    run(['inspect', principal, '--model', model, '--format', 'json', '--top', '2']),
    run(['inspect', ':', '--model', model]),
    run(['inspect', 'nobody-at-all', '--model', model]),
  ]);
  expect([whole, part, json, many, none].map(({code}) => code)).toEqual([0, 0, 0, 2, 2]);
  expect(whole.stdout).toContain('operation: ');
  expect(whole.stdout.startsWith(principal)).toBe(true);
  expect(part.stdout).toContain(name);
  const {facets} = JSON.parse(json.stdout) as {facets: {values: unknown[]}[]};
  expect(facets.length).toBeGreaterThan(5);
  expect(facets.every(({values}) => values.length <= 2)).toBe(true);
  expect(many.stderr).toMatch(/":" fits \d+ principals:\n {2}\S/);
  expect(none.stderr).toContain('knows no principal like "nobody-at-all"');
});

test('simulate writes the same bytes for the same seed', async () => {
  const out = (name: string) => join(folder, name);
  const write = (name: string, seed: string) =>
    run([
      ...['simulate', '--out', out(name), '--seed', seed, '--days', '2'],
      ...['--events-per-day', '150', '--scenario', 'none', '-q'],
    ]);
  const outcomes = await Promise.all([write('one', '5'), write('two', '5'), write('three', '6')]);
  expect(outcomes).toEqual(outcomes.map(() => ({code: 0, stdout: '', stderr: ''})));
  const files = (name: string) =>
    readdirSync(out(name), {recursive: true, encoding: 'utf8'})
      .filter((file) => /\.(gz|jsonl)$/.test(file))
      .sort();
  expect(files('one').length).toBeGreaterThan(5);
  expect(files('two')).toEqual(files('one'));
  expect(files('three')).not.toEqual(files('one'));
  for (const file of files('one')) {
    const [a, b] = ['one', 'two'].map((name) => readFileSync(join(out(name), file)));
    expect(a!.equals(b!)).toBe(true);
  }
});

test('report writes a whole page that holds the data', async () => {
  const out = join(folder, 'report.html');
  writeFileSync(out, 'old');
  const {code, stderr} = await run([
    'report',
    trail,
    '--out',
    out,
    '--title',
    'Two </script> days',
  ]);
  expect(code).toBe(0);
  expect(stderr).toContain(`wrote ${out}`);
  const html = readFileSync(out, 'utf8');
  expect(html.startsWith('<!doctype html>')).toBe(true);
  expect(html.trimEnd().endsWith('</html>')).toBe(true);
  expect(html).not.toContain('Two </script>');
  const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1];
  const page = JSON.parse(data!) as {
    title: string;
    totals: {events: number};
    top: {eventId: string; record?: {eventID: string}}[];
    points: {count: number};
  };
  expect(page.title).toBe('Two </script> days');
  expect(page.totals.events).toBe(lines.length);
  expect(page.points.count).toBe(lines.length);
  expect(page.top).toHaveLength(100);
  expect(page.top[0]?.record?.eventID).toBe(page.top[0]?.eventId);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('evaluate holds the scores against the truth', async () => {
  const truth = join(folder, 'truth.jsonl');
  const [json, table] = await Promise.all([
    run(['evaluate', trail, '--truth', truth, '--format', 'json']),
    run(['evaluate', trail, '--truth', truth]),
  ]);
  expect([json.code, table.code]).toEqual([0, 0]);
  const result = JSON.parse(json.stdout) as Record<string, unknown> & {
    counts: Record<string, number>;
  };
  expect(Object.keys(result)).toEqual([
    'averagePrecision',
    'campaignAveragePrecision',
    'rocAuc',
    'recallAt',
    'eventRecallAt',
    'thresholdAt',
    'timeToDetection',
    'scenarios',
    'worstFalseAlertDay',
    'counts',
  ]);
  expect(result.counts.attack).toBeGreaterThan(5);
  expect(table.stdout).toContain('campaigns found at 1 false alert a day');
});

test('faults of a truth file are all told, with their places', async () => {
  const truth = join(folder, 'faulty.jsonl');
  writeFileSync(truth, '{"eventId":"a"}\nnonsense\n{"eventId":3,"ignore":true}\n');
  const [faulty, absent] = await Promise.all([
    run(['evaluate', trail, '--truth', truth]),
    run(['evaluate', trail, '--truth', join(folder, 'absent.jsonl')]),
  ]);
  expect([faulty.code, absent.code]).toEqual([2, 2]);
  expect(faulty.stdout).toBe('');
  expect(faulty.stderr).toContain(`${truth}:1:1: campaign: `);
  expect(faulty.stderr).toContain(`${truth}:2:`);
  expect(faulty.stderr).toContain(`${truth}:3:2: eventId: `);
  expect(absent.stderr).toContain('Cannot read truth file');
});

test('demo tells a story and draws it', async () => {
  const out = join(folder, 'demo');
  mkdirSync(out);
  const args = ['demo', '--days', '2', '--out', out];
  expect(await run(args)).toMatchObject({code: 2});
});
