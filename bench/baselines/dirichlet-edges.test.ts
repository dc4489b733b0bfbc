import {expect, test} from 'vitest';
import {dirichletEdges} from './dirichlet-edges.ts';
import {event} from './event-for-tests.ts';

test('gives the mid-p-value of an edge', () => {
  const method = dirichletEdges(['operation']);
  // The first event of all: one known value, all mass on its level, half of it counts.
  expect(method.observe(event(), 0)).toBeCloseTo(-Math.log(1 / 2), 12);
  for (let i = 0; i < 8; i++) method.observe(event(), 0);
  // Nine of the usual; two values known, so the new one has (α/2)/(9 + α), half of it counts.
  const next = event({operation: 'new'});
  expect(method.observe(next, 0)).toBeCloseTo(-Math.log(0.25 / 10), 12);
});

test('adds the evidence of several fields as Fisher does', () => {
  const both = dirichletEdges(['operation', 'network']);
  const one = dirichletEdges(['operation']);
  const other = dirichletEdges(['network']);
  const stream = ['a', 'a', 'b', 'a', 'c'].map((operation, i) =>
    event({operation, network: `n${i % 2}`}),
  );
  for (const next of stream) {
    const sum = one.observe(next, 0) + other.observe(next, 0);
    expect(both.observe(next, 0)).toBeCloseTo(sum, 12);
  }
});
