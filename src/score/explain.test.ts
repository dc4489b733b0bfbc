import {expect, test} from 'vitest';
import {DEFAULT_PARAMETERS, type ModelPlan} from '../model/plan.ts';
import {Vocabulary} from '../model/vocabulary.ts';
import {ContextScorer} from './scorer.ts';
import type {FacetWording} from './wording.ts';

const COLUMNS = ['principal', 'peer', 'operation', 'network'];
const PLAN: ModelPlan = {
  columnCount: 4,
  entity: 0,
  facets: [
    {name: 'operation', target: 2, levels: [[0], [1], []], weight: 1, evidence: true},
    {name: 'network', target: 3, levels: [[0], [1], []], weight: 1, evidence: true},
    {name: 'actorForOperation', target: 0, levels: [[2], []], weight: 0.5, evidence: false},
  ],
  parameters: DEFAULT_PARAMETERS,
};
const DAY = 86_400_000;
const WORDING: Readonly<Record<string, FacetWording>> = {
  operation: {
    first: '{who} has never called {value}',
    rare: '{who} seldom calls {value} ({times} of {total} calls)',
    holders: {
      none: 'nobody has',
      others: 'none of {members} {group} has, {others} others have',
      some: '{holders} of {members} {group} have',
    },
  },
  network: {
    first: '{who} comes from {value} for the first time',
    rare: '{who} seldom comes from {value} ({times} of {total} times)',
    usual: 'usual: {usual}',
  },
};

function learnt() {
  const vocabularies = COLUMNS.map(() => new Vocabulary());
  const row = (...texts: string[]) =>
    Int32Array.from(texts, (text, c) => vocabularies[c]!.id(text));
  const scorer = new ContextScorer(PLAN);
  const out = scorer.scored();
  for (let day = 0; day < 20; day++) {
    const home = '198.51.100.0/24';
    scorer.observe(row('raul', 'user:', 'ec2:DescribeInstances', home), day * DAY, out);
    scorer.observe(row('raul', 'user:', 's3:GetObject', home), day * DAY, out);
    scorer.observe(row('backup', 'role:', 'ec2:CreateSnapshot', 'vpce-1'), day * DAY, out);
    scorer.observe(row('nightly', 'role:', 'ec2:CreateSnapshot', 'vpce-1'), day * DAY, out);
  }
  const text = (column: number, id: number) => vocabularies[column]!.text(id);
  return {scorer, row, options: {columns: COLUMNS, text, wording: WORDING}};
}

test('says what was never done, who else does it, and what would be usual', () => {
  const {scorer, row, options} = learnt();
  const ids = row('raul', 'user:', 'ec2:CreateSnapshot', '203.0.113.0/24');
  const out = scorer.scored();
  scorer.score(ids, 20 * DAY, out);
  const explanation = scorer.explain(ids, 20 * DAY, out, options);
  expect(explanation.mostNovel?.facet).toBe('network');
  expect(explanation.facets.map(({sentence}) => sentence)).toMatchInlineSnapshot(`
    [
      "raul has never called ec2:CreateSnapshot; 2 of 3 principals have",
      "raul comes from 203.0.113.0/24 for the first time; usual: 198.51.100.0/24 (100 %)",
      "principal=raul has never had principal=raul; usual: nightly (50 %), backup (50 %)",
    ]
  `);
  expect(explanation.facets.map(({knownTo}) => knownTo)).toEqual(['everyone', 'never', 'everyone']);
  expect(explanation.facets[0]?.levels.map(({name, times}) => [name, times])).toEqual([
    ['self', 0],
    ['peer', 0],
    ['everyone', 20],
  ]);
  expect(explanation.facets.reduce((sum, {share}) => sum + share, 0)).toBeCloseTo(1, 9);
});

test('does not say never where a history may have forgotten', () => {
  const plan = {...PLAN, parameters: {...DEFAULT_PARAMETERS, ownValues: 2}};
  const {row, options} = learnt();
  const scorer = new ContextScorer(plan);
  const out = scorer.scored();
  const home = '198.51.100.0/24';
  for (const [i, call] of ['a:A', 'a:B', 'a:C', 'a:A', 'a:C'].entries()) {
    scorer.observe(row('raul', 'user:', call, home), i * DAY, out);
  }
  const ids = row('raul', 'user:', 'ec2:CreateSnapshot', home);
  scorer.score(ids, 9 * DAY, out);
  const [facet] = scorer.explain(ids, 9 * DAY, out, options).facets;
  expect(facet?.full).toBe(true);
  expect(facet?.brief).toBe('has never called ec2:CreateSnapshot, as far as is remembered');
});

test('counts the others by group', () => {
  const {scorer, row, options} = learnt();
  const ids = row('raul', 'user:', 'ec2:CreateSnapshot', '198.51.100.0/24');
  const out = scorer.scored();
  scorer.score(ids, 20 * DAY, out);
  // raul is 0, backup 1, nightly 2: people are group 0, machines group 1.
  const groups = {
    of: (entity: number) => (entity === 0 ? 0 : 1),
    size: (group: number) => [41, 7][group]!,
    name: (group: number) => ['people', 'roles'][group]!,
  };
  const said = (other: typeof groups) =>
    scorer.explain(ids, 20 * DAY, out, {...options, groups: other}).facets[0]?.sentence;
  expect(said(groups)).toBe(
    'raul has never called ec2:CreateSnapshot; none of 41 people has, 2 others have',
  );
  expect(said({...groups, of: () => 0})).toBe(
    'raul has never called ec2:CreateSnapshot; 2 of 41 people have',
  );
});

test('has a generic form for facets without words of their own', () => {
  const {scorer, row, options} = learnt();
  const ids = row('raul', 'user:', 's3:GetObject', '203.0.113.0/24');
  const out = scorer.scored();
  scorer.score(ids, 20 * DAY, out);
  const {sentence} = scorer.explain(ids, 20 * DAY, out, {...options, wording: {}});
  expect(sentence).toMatchInlineSnapshot(
    `"principal=raul has never had network=203.0.113.0/24; usual: 198.51.100.0/24 (100 %)"`,
  );
});

test('says so when nothing is unusual', () => {
  const {scorer, row, options} = learnt();
  const ids = row('raul', 'user:', 's3:GetObject', '198.51.100.0/24');
  const out = scorer.scored();
  scorer.score(ids, 20 * DAY, out);
  expect(scorer.explain(ids, 20 * DAY, out, options).sentence).toBe('raul did what is usual');
});

test('explaining between score and learning changes nothing', () => {
  const one = learnt();
  const two = learnt();
  const ids = one.row('raul', 'user:', 'iam:CreateUser', '203.0.113.0/24');
  two.row('raul', 'user:', 'iam:CreateUser', '203.0.113.0/24');
  const [a, b] = [one.scorer.scored(), two.scorer.scored()];
  one.scorer.observe(ids, 20 * DAY, a);
  two.scorer.observe(ids, 20 * DAY, b, (scored) => {
    two.scorer.explain(ids, 20 * DAY, scored, two.options);
  });
  expect(b).toEqual(a);
  one.scorer.score(ids, 21 * DAY, a);
  two.scorer.score(ids, 21 * DAY, b);
  expect(b).toEqual(a);
});
