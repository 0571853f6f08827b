import { expect, test } from '@jest/globals';
import { array, assert, constantFrom, option, property, tuple } from 'fast-check';
import { evenPrimaries } from '../../../src/core/even-primaries.ts';
import type { Seated } from '../../../src/core/placement.ts';

type Domain = string | null;

/** Five shards at most, of a primary and two replicas each, by the domain of every member; null: not scheduled. */
const domains = array(tuple(anyDomain(), anyDomain(), anyDomain()), { minLength: 1, maxLength: 5 });

function anyDomain() {
  return option(constantFrom('a', 'b', 'c', 'd'), { freq: 9 });
}

const podOf = (shard: number, seat: number): string => `cache-${shard * 3 + seat}`;
const shardsOf = (all: readonly unknown[]): readonly Seated[] =>
  all.map((_, i) => ({ primary: podOf(i, 0), replicas: [podOf(i, 1), podOf(i, 2)] }));
const lookUp =
  (all: readonly (readonly Domain[])[]) =>
  (pod: string): Domain => {
    const ordinal = Number(pod.split('-').at(-1));
    return all[Math.floor(ordinal / 3)]?.[ordinal % 3] ?? null;
  };

function membersOf(shards: readonly Seated[]): readonly (readonly string[])[] {
  return shards.map(({ primary, replicas }) => [primary, ...replicas].toSorted());
}

function most(leaders: readonly Domain[]): number {
  const known = leaders.filter((domain) => domain !== null);
  return Math.max(0, ...Array.from(Map.groupBy(known, (domain) => domain).values(), (those) => those.length));
}

/** The least that the fullest domain can have, by trying all. A primary of which nobody knows where it is stays. */
function least(all: readonly (readonly Domain[])[], chosen: readonly Domain[] = []): number {
  const shard = all[chosen.length];
  if (shard === undefined) return most(chosen);
  const choices = shard[0] === null ? [null] : shard.filter((domain) => domain !== null);
  return Math.min(...choices.map((domain) => least(all, [...chosen, domain ?? null])));
}

test('no other choice of leaders leaves the fullest domain with fewer primaries', () => {
  assert(
    property(domains, (all) => {
      const spread = evenPrimaries(shardsOf(all), lookUp(all));
      expect(most(spread.map(({ primary }) => lookUp(all)(primary)))).toBe(least(all));
    }),
  );
});

test('every shard keeps its members, and nothing changes the second time', () => {
  assert(
    property(domains, (all) => {
      const spread = evenPrimaries(shardsOf(all), lookUp(all));
      expect(membersOf(spread)).toEqual(membersOf(shardsOf(all)));
      expect(evenPrimaries(spread, lookUp(all))).toEqual(spread);
    }),
  );
});

test.each([
  ['each on a node of its own', 1_000],
  ['on 300 nodes', 300],
  ['on 40 nodes', 40],
])('for 500 shards of 2 pods, %s, it looks each pod up a hundred times at most', (_where, nodes) => {
  const shards = Array.from({ length: 500 }, (_, i) => ({ primary: `cache-${i}`, replicas: [`cache-${i + 500}`] }));
  let asked = 0;
  evenPrimaries(shards, (pod) => {
    asked += 1;
    // Knuth's multiplicative hash: some node, always the same.
    const ordinal = Number(pod.split('-').at(-1));
    return `node-${nodes === 1_000 ? ordinal : Math.floor((ordinal * 2_654_435_761) % 2 ** 32) % nodes}`;
  });
  expect(asked).toBeLessThan(1_000 * 100);
});
