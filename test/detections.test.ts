import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {packNames, readPacks} from '../src/app/detections.ts';
import {isKnownTechnique} from '../src/detections/attack.ts';
import {loadDetections} from '../src/detections/load.ts';
import {detectionsJsonSchema} from '../src/detections/schema.ts';
import {STARTER_KINDS, starterOf} from '../src/detections/starter.ts';
import {runTests} from '../src/detections/test-runner.ts';

const files = readPacks();
const loaded = loadDetections(files);

test('finds the shipped packs', () => {
  expect(packNames().length).toBeGreaterThan(0);
  expect(files.length).toBeGreaterThan(0);
  expect(loaded.detections.length).toBeGreaterThan(5);
  for (const pack of packNames()) {
    expect(loaded.detections.some(({from}) => from === pack)).toBe(true);
  }
});

test('every shipped file can be read, with ids of its own', () => {
  expect(loaded.problems).toEqual([]);
  const ids = loaded.detections.map(({id}) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('every shipped detection has known techniques and a runbook', () => {
  for (const {id, techniques, tactics, runbook, description} of loaded.detections) {
    expect([id, techniques.filter((each) => !isKnownTechnique(each))]).toEqual([id, []]);
    expect([id, techniques.length + tactics.length > 0]).toEqual([id, true]);
    expect([id, runbook.length > 0, description !== '']).toEqual([id, true, true]);
  }
});

// Of ATT&CK Enterprise, version 16: the tactics of the techniques that shipped detections name.
const TACTICS_OF: Readonly<Record<string, string>> = {
  T1005: 'collection',
  T1021: 'lateral-movement',
  T1040: 'credential-access discovery',
  T1048: 'exfiltration',
  T1059: 'execution',
  T1069: 'discovery',
  T1070: 'defense-evasion',
  T1074: 'collection',
  T1078: 'initial-access persistence privilege-escalation defense-evasion',
  T1087: 'discovery',
  T1098: 'persistence privilege-escalation',
  T1110: 'credential-access',
  T1119: 'collection',
  T1133: 'initial-access persistence',
  T1136: 'persistence',
  T1199: 'initial-access',
  T1485: 'impact',
  T1486: 'impact',
  T1489: 'impact',
  T1490: 'impact',
  T1496: 'impact',
  T1526: 'discovery',
  T1530: 'collection',
  T1531: 'impact',
  T1537: 'exfiltration',
  T1548: 'privilege-escalation defense-evasion',
  T1552: 'credential-access',
  T1555: 'credential-access',
  T1556: 'credential-access defense-evasion persistence',
  T1562: 'defense-evasion',
  T1578: 'defense-evasion',
  T1580: 'discovery',
  T1619: 'discovery',
  T1648: 'execution',
  T1651: 'execution',
  T1654: 'discovery',
  T1666: 'defense-evasion',
};

test('a technique of a shipped detection is one of its tactics', () => {
  const elsewhere = loaded.detections.flatMap(({id, techniques, tactics}) =>
    techniques
      .filter((technique) => {
        const known = TACTICS_OF[technique.slice(0, 5)]?.split(' ') ?? [];
        return !known.some((tactic) => (tactics as readonly string[]).includes(tactic));
      })
      .map((technique) => `${id}: ${technique}`),
  );
  expect(elsewhere).toEqual([]);
});

test('sensitive operations are listed under the tactics that their table gives them', () => {
  const path = join(import.meta.dirname, '../detections/sensitive/operations.json');
  const {operations} = JSON.parse(readFileSync(path, 'utf8')) as {
    operations: Record<string, {tactics: string[]; everyday?: boolean}>;
  };
  const byTactic = loaded.detections.filter(({id, tactics}) => id === `sensitive-${tactics[0]}`);
  expect(byTactic.length).toBeGreaterThan(9);
  for (const {parameters, tactics} of byTactic) {
    const listed = Object.entries(operations)
      .filter(([, {tactics: of, everyday}]) => of.includes(tactics[0] ?? '') && everyday !== true)
      .map(([operation]) => operation);
    expect([tactics, parameters.operations]).toEqual([tactics, listed]);
  }
});

test('every shipped detection has a test that matches and one that does not', () => {
  const expected = (expect: unknown) => {
    if (typeof expect === 'object') {
      const {matches, title, alarm} = expect as {matches?: number; title?: string; alarm?: string};
      return (matches ?? (title !== undefined || alarm === 'ALARM' ? 1 : 0)) > 0;
    }
    return expect !== 'none' && expect !== 0;
  };
  const wanting = loaded.detections.filter(({tests}) => {
    const some = tests.map((each) => expected(each.expect));
    return !some.includes(true) || !some.includes(false);
  });
  expect(wanting.map(({id}) => id)).toEqual([]);
});

test('the tests of shipped detections pass', () => {
  const results = runTests(loaded.detections);
  expect(results.length).toBeGreaterThan(loaded.detections.length);
  expect(results.filter(({passed}) => !passed)).toEqual([]);
});

test('what `detections new` writes passes its own tests', () => {
  for (const kind of STARTER_KINDS) {
    const file = {file: `${kind}.yml`, text: starterOf(kind, `my-${kind}`)};
    const {detections, problems, warnings} = loadDetections([file]);
    expect([kind, problems, warnings]).toEqual([kind, [], []]);
    const results = runTests(detections);
    expect(results.length).toBeGreaterThan(0);
    expect(results.filter(({passed}) => !passed)).toEqual([]);
  }
});

test('the schema for editors is the one that is checked', () => {
  // If this fails: node scripts/build.mjs && node scripts/detections-docs.mjs
  const path = join(import.meta.dirname, '../docs/detections.schema.json');
  const schema: unknown = JSON.parse(readFileSync(path, 'utf8'));
  expect(schema).toEqual(JSON.parse(JSON.stringify(detectionsJsonSchema())));
});

test('the page on detections holds files that are sound and pass', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/detections.md'), 'utf8');
  const examples = [...page.matchAll(/^```yaml\n(detections:.*?)^```$/gms)].map(
    ([, text = ''], i) => ({file: `detections.md, example ${i + 1}`, text}),
  );
  expect(examples.length).toBeGreaterThan(4);
  for (const example of examples) {
    const {detections, problems} = loadDetections([example]);
    expect(problems).toEqual([]);
    expect(runTests(detections).filter(({passed}) => !passed)).toEqual([]);
  }
});
