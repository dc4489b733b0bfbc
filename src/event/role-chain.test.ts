import fc from 'fast-check';
import {expect, test} from 'vitest';
import {hash64} from '../base/hash.ts';
import {RoleChain} from './role-chain.ts';

const key = (text: string): [number, number] => {
  const {hi, lo} = hash64(text);
  return [hi, lo];
};

test('a chain keeps the identity that began it', () => {
  const chain = new RoleChain();
  expect(chain.follow([...key('AKIA1'), ...key('ASIA1')], 7)).toBe(7);
  expect(chain.follow([...key('ASIA1'), ...key('ASIA2')], 8)).toBe(7);
  expect(chain.follow([...key('ASIA2'), 0, 0], 9)).toBe(7);
  expect(chain.originOf(...key('ASIA3'))).toBeUndefined();
  expect(chain.originOf(0, 0)).toBeUndefined();
});

test('keeps the newest and the used, within its limit', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), {maxLength: 300}), (all) => {
      const chain = new RoleChain(10);
      chain.issued(...key('used'), 1_000);
      for (const one of all) {
        chain.issued(...key(`k${one}`), one);
        expect(chain.originOf(...key(`k${one}`))).toBe(one);
        expect(chain.originOf(...key('used'))).toBe(1_000);
        expect(chain.size).toBeLessThanOrEqual(10);
      }
    }),
  );
});

test('carries on from its own state', () => {
  const chain = new RoleChain(4);
  for (const name of ['a', 'b', 'c']) chain.issued(...key(name), name.charCodeAt(0));
  const restored = RoleChain.restore(JSON.parse(JSON.stringify(chain.state())));
  expect(restored.state()).toEqual(chain.state());
  expect(restored.originOf(...key('b'))).toBe(98);
});

test('hashes do not change from version to version, and differ', () => {
  expect(hash64('AKIAEXAMPLE')).toMatchInlineSnapshot(`
    {
      "hi": -1922677746,
      "lo": 949960703,
    }
  `);
  const all = new Set<string>();
  for (let i = 0; i < 100_000; i++) {
    const {hi, lo} = hash64(`ASIA${i}`);
    all.add(`${hi} ${lo}`);
  }
  expect(all.size).toBe(100_000);
});
