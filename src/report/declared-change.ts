import { shareSizes } from '../core/shares.ts';
import { podCount, type Topology } from '../core/topology.ts';
import { factsOf, placeOf, slotsOf } from './declared-facts.ts';
import { capital, joined, shapeOf } from './headline.ts';
import { counted, grouped } from './units.ts';

/** What the base branch has in place of the file that a pull request shows. */
export type Base =
  | { readonly kind: 'topology'; readonly topology: Topology }
  | { readonly kind: 'none' }
  | { readonly kind: 'mistakes' }
  /** `why` is a sentence. */
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * What a change of the file means where the cluster is as the base branch declares it: a sentence without its end, with keys of the
 * file in backticks.
 */
export function changeWords(after: Topology, base: Base): string {
  switch (base.kind) {
    case 'topology':
      return capital(differenceWords(base.topology, after));
    case 'none':
      return `The file is new and declares ${declares(after)}`;
    case 'mistakes':
      return `Declares ${declares(after)}; in the base branch the file has mistakes, so what changes is not known`;
    case 'unknown':
      return `Declares ${declares(after)}; what changes is not known`;
  }
}

function declares(topology: Topology): string {
  return topology.state === 'absent' ? 'that the cluster is to be gone' : `a cluster of ${shapeOf(topology)}`;
}

function differenceWords(before: Topology, after: Topology): string {
  if (after.state === 'absent' && before.state === 'present') return 'deletes the cluster with all its data';
  if (after.state === 'present' && before.state === 'absent') return `creates a cluster of ${shapeOf(after)}`;
  if (placeOf(before) !== placeOf(after)) return `points at another cluster, and declares ${declares(after)}`;
  const changes = [...shapeWords(before, after), ...settingWords(before, after)];
  if (changes.length === 0) return 'changes nothing that the file declares';
  const costs = costWords(before, after);
  return `${joined(changes)}${costs.length === 0 ? '' : `: ${costs.join(', ')}`}`;
}

function shapeWords(before: Topology, after: Topology): readonly string[] {
  const [had, shards] = [before.shards.length, after.shards.length];
  const ofReplicas = `replicas, ${before.replicasPerShard} → ${after.replicasPerShard} per shard`;
  const words: string[] = [];
  if (shards > had) words.push(`adds ${counted(shards - had, 'shard')}`);
  if (shards < had) words.push(`removes ${counted(had - shards, 'shard')}`);
  if (shards === had && slotsOf(before.shards).join() !== slotsOf(after.shards).join()) {
    words.push(`shares the slots out anew among ${counted(shards, 'shard')}`);
  }
  if (after.replicasPerShard > before.replicasPerShard) words.push(`adds ${ofReplicas}`);
  if (after.replicasPerShard < before.replicasPerShard) words.push(`removes ${ofReplicas}`);
  return words;
}

function settingWords(before: Topology, after: Topology): readonly string[] {
  const old = factsOf(before);
  const keys = factsOf(after).flatMap(({ key, value }, i) => (key === null || old[i]?.value === value ? [] : [key]));
  return keys.length === 0 ? [] : [`changes ${joined(keys.map((key) => `\`${key}\``))}`];
}

/** A file says how large shares are, not which shard has which: the fewest slots that can move. */
function costWords(before: Topology, after: Topology): readonly string[] {
  const slots = fewestMoves(shareSizes(before.shards), shareSizes(after.shards));
  const [had, pods] = [podCount(before), podCount(after)];
  return [
    ...(slots === 0 || after.state === 'absent' ? [] : [`about ${grouped(slots)} of 16,384 slots move`]),
    ...(had === pods ? [] : [`${had} → ${pods} pods`]),
  ];
}

/** Fewest when the largest share becomes the largest, and so on. */
function fewestMoves(before: readonly number[], after: readonly number[]): number {
  const [from, to] = [before, after].map((sizes) => sizes.toSorted((a, b) => b - a));
  return (to ?? []).reduce((sum, size, i) => sum + Math.max(0, size - (from?.[i] ?? 0)), 0);
}
