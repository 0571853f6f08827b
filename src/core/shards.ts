import { bestAssignment } from './assignment.ts';
import { byOrdinal } from './cluster.ts';
import { count, intersect, minus, NO_SLOTS, type SlotSet, union } from './slots.ts';
import type { Share } from './topology.ts';

/** A primary with slots, and what keeping its shard would cost. */
export interface LiveShard {
  /** Its present primary's pod. */
  readonly primary: string;
  readonly slots: SlotSet;
  /** Copies of it that would have to be made anew because members are on pods that leave. */
  readonly copiesMissing: number;
  readonly primaryLeaves: boolean;
  /** Data per slot relative to the whole cluster's average, as a power of two. */
  readonly density: number;
}

/**
 * Which live shard goes on as which declared share. Null: a new shard. Live shards that are nobody's share leave.
 *
 * An assignment problem: the slots that may stay where they are are worth most, each by its shard's density; a shard that
 * stays costs a full copy of its data for every member that it misses. With equal weights, or with weights alone where no
 * shard leaves, sorting both sides is the optimum (min(size, owned) is a Monge array); else the Hungarian algorithm.
 * Ties: fewer failovers, then the shards with lower ordinals stay.
 */
export function matchShards(
  shares: readonly Share[],
  sizes: readonly number[],
  live: readonly LiveShard[],
): readonly (LiveShard | null)[] {
  const sorted = live.toSorted((a, b) => byOrdinal(a.primary, b.primary));
  const weights = shares.map((share) => (share.kind === 'weight' ? share.weight : null));
  const allWeighted = weights.every((weight) => weight !== null);
  const equal = allWeighted && new Set(weights).size === 1;
  if (equal) return bySize(sizes, thoseThatStay(sorted, shares.length, sizes));
  if (allWeighted && sorted.length <= shares.length) return bySize(sizes, sorted);
  return byGain(shares, sizes, sorted);
}

/** Largest share to largest shard; the shares left over are new. */
function bySize(sizes: readonly number[], live: readonly LiveShard[]): readonly (LiveShard | null)[] {
  const shards = live.toSorted((a, b) => count(b.slots) - count(a.slots) || byOrdinal(a.primary, b.primary));
  const order = sizes.map((size, index) => ({ size, index })).toSorted((a, b) => b.size - a.size || a.index - b.index);
  const matched = sizes.map((): LiveShard | null => null);
  order.forEach(({ index }, rank) => {
    matched[index] = shards[rank] ?? null;
  });
  return matched;
}

/** Of more live shards than shares, those whose leaving would copy most. */
function thoseThatStay(live: readonly LiveShard[], wanted: number, sizes: readonly number[]): readonly LiveShard[] {
  const size = Math.max(...sizes);
  const worth = new Map(live.map((shard) => [shard, worthOfStaying(shard, Math.min(count(shard.slots), size))]));
  return live
    .toSorted(
      (a, b) =>
        (worth.get(b) ?? 0) - (worth.get(a) ?? 0) ||
        Number(a.primaryLeaves) - Number(b.primaryLeaves) ||
        byOrdinal(a.primary, b.primary),
    )
    .slice(0, wanted);
}

/** In slots of average data: what need not move, less what must be copied to fill its missing members. */
function worthOfStaying(shard: LiveShard, kept: number): number {
  return shard.density * (kept - shard.copiesMissing * count(shard.slots));
}

function byGain(
  shares: readonly Share[],
  sizes: readonly number[],
  live: readonly LiveShard[],
): readonly (LiveShard | null)[] {
  const explicit = union(...shares.map((share) => (share.kind === 'slots' ? share.slots : NO_SLOTS)));
  const free = live.map((shard) => count(minus(shard.slots, explicit)));
  const kept = (share: Share, i: number, shard: LiveShard, j: number): number =>
    share.kind === 'slots' ? count(intersect(shard.slots, share.slots)) : Math.min(sizes[i] ?? 0, free[j] ?? 0);
  // Failovers and ordinals decide only between equals: together they stay below one slot of the lightest shard there is.
  const least = Math.min(...live.map(({ density }) => density)) / Math.max(1, shares.length);
  const tie = (shard: LiveShard, j: number): number =>
    least * ((shard.primaryLeaves ? 0 : 0.5) + (live.length - j) / (4 * live.length + 4) / shares.length);
  const mayLeave = live.length > shares.length;
  const gain = shares.map((share, i) =>
    live.map((shard, j) =>
      mayLeave
        ? worthOfStaying(shard, kept(share, i, shard, j)) + tie(shard, j)
        : shard.density * kept(share, i, shard, j) + (i === j ? 1e-6 : 0),
    ),
  );
  if (mayLeave) return bestAssignment(gain).map((column) => live[column] ?? null);
  // Rows must not outnumber columns: here the shards choose their shares.
  const turned = live.map((_, j) => shares.map((_share, i) => gain[i]?.[j] ?? 0));
  const matched = shares.map((): LiveShard | null => null);
  bestAssignment(turned).forEach((share, j) => {
    matched[share] = live[j] ?? null;
  });
  return matched;
}
