import { byOrdinal, type Pod } from '../core/cluster.ts';

/** The pods with those that the StatefulSet has yet to make, by ordinal. Where these will run, nobody knows. */
export function podsToCome(
  present: readonly Pod[],
  statefulSet: string,
  ordinals: { first: number; count: number },
): readonly Pod[] {
  const there = new Set(present.map((pod) => pod.ordinal));
  const coming = Array.from({ length: ordinals.count }, (_, i) => ordinals.first + i)
    .filter((ordinal) => !there.has(ordinal))
    .map((ordinal) => podToCome(`${statefulSet}-${ordinal}`, ordinal));
  return coming.length === 0 ? present : [...present, ...coming].toSorted((a, b) => byOrdinal(a.name, b.name));
}

export function podToCome(name: string, ordinal: number): Pod {
  return {
    name,
    ordinal,
    uid: null,
    ip: null,
    node: null,
    domains: {},
    ready: false,
    deleting: false,
    trouble: null,
    memoryLimit: null,
  };
}
