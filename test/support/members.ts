import type { Cluster } from '../../src/core/cluster.ts';
import type { LocalPlatform } from './local-platform.ts';

/** Codes of what stands in the way of a plan. */
export function blocking({ findings }: Cluster): readonly string[] {
  return [...new Set(findings.filter(({ weight }) => weight === 'blocks').map(({ code }) => code))];
}

/** Whether who says this holds the node for failed. */
export function holdsForFailed(id = ''): (nodes: string) => boolean {
  return (nodes) => nodes.split('\n').some((line) => line.startsWith(id) && /[ ,]fail[ ,]/.test(line));
}

/** From this one to the last. */
export function slotsFrom(first: number): readonly number[] {
  return Array.from({ length: 16_384 - first }, (_, i) => first + i);
}

/** Node ids by pod. */
export async function idsOf(platform: LocalPlatform): Promise<ReadonlyMap<string, string>> {
  const ids = platform
    .pods()
    .map(async ({ name }) => [name, String(await platform.call(name, ['CLUSTER', 'MYID']))] as const);
  return new Map(await Promise.all(ids));
}
