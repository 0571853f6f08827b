import { memberOf } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { each, intersect, isEmpty, print, type SlotSet, union } from '../core/slots.ts';
import type { StepContext } from '../ports/context.ts';
import { STEADY } from '../servers/ask.ts';
import { viewOf, viewsOfMembers } from '../servers/views.ts';
import { claim, closeMarks, refuseOwnersBesides } from './claim.ts';
import { collect } from './collect.ts';
import { giveUp } from './give-up.ts';
import { moveSlots } from './move.ts';
import { openPair, type Pair } from './pair.ts';
import { partyOf } from './parties.ts';

export interface InDoubt {
  /** The pod that is to own the slots, with all their keys. */
  readonly owner: string;
  /** The other pods that own, mark or hold keys of some of them. */
  readonly others: readonly string[];
  readonly slots: SlotSet;
}

/**
 * Brings slots in order between the pod that is to own them and those that have a part in them, as all say by now:
 * 1. all who own what the owner owns, too, give up and keep their keys for the time being; then that one gets a newer epoch;
 * 2. who owns alone sends the slots over, from wherever a move was cut off;
 * 3. nobody else owns them any more: the owner claims the rest, with a newer epoch, so that all believe it;
 * 4. keys that others still hold are sent to it, and marks are taken away.
 * A newer epoch that reaches an owner which has not let go makes it delete its keys: only an IMPORTING slot is safe from
 * news, not a MIGRATING one (clusterUpdateSlotsConfigWith of cluster.c).
 * redis-cli's `--cluster fix` does the same slot by slot.
 * Throws `changed-meanwhile` where others own the slots than were seen to.
 */
export async function settle(doubt: InDoubt, context: StepContext): Promise<void> {
  const { owner, others, slots } = doubt;
  await refuseOwnersBesides([owner, ...others], slots, context);
  let shared: SlotSet = [];
  for (const other of others) {
    await withPair(doubt, other, context, async (pair) => {
      const both = intersect(await ownedBy(pair, 'donor', slots), await ownedBy(pair, 'receiver', slots));
      await giveUp(pair, [...each(both)], context.clock);
      shared = union(shared, both);
    });
  }
  if (!isEmpty(shared)) await claimFor({ ...doubt, slots: shared }, context);
  for (const [other, owned] of await soleOwners(doubt, context)) {
    await moveSlots({ from: other, to: owner, slots: owned }, context);
  }
  await claimFor(doubt, context);
  for (const other of others) await withPair(doubt, other, context, (pair) => sendRest(pair, slots, context));
}

async function ownedBy(pair: Pair, side: 'donor' | 'receiver', slots: SlotSet): Promise<SlotSet> {
  const { me } = await viewOf(pair[side].main, { signal: STEADY });
  return intersect(me.slots, slots);
}

/** Who sends which of the slots. Two that own the same one cannot both: the second would lose its keys to the first one's move. */
async function soleOwners(
  { owner, others, slots }: InDoubt,
  context: StepContext,
): Promise<readonly (readonly [pod: string, slots: SlotSet])[]> {
  const members = others.map((pod) => memberOf(context.cluster, pod)).filter((member) => member !== undefined);
  const views = await viewsOfMembers(context, members, { signal: STEADY });
  const owners = [...views].map(([pod, view]) => [pod, intersect(view.me.slots, slots)] as const);
  let claimed: SlotSet = [];
  for (const [pod, owned] of owners) {
    const twice = intersect(claimed, owned);
    claimed = union(claimed, owned);
    if (isEmpty(twice)) continue;
    throw new Failure(
      'changed-meanwhile',
      `Cannot bring slots ${print(slots)} in order on ${owner}: by now ${pod} and another pod each say that they own ${print(twice)}.`,
      { remedy: 'Run plan to see who owns the slots now, then apply again.' },
    );
  }
  return owners.filter(([, owned]) => !isEmpty(owned));
}

async function claimFor({ owner, slots }: InDoubt, context: StepContext): Promise<void> {
  const { pod } = partyOf(owner, context);
  await using main = await context.redis.open(pod, { signal: STEADY });
  await claim({ pod, main }, slots, context);
}

async function sendRest(pair: Pair, slots: SlotSet, context: StepContext): Promise<void> {
  const older = await collect(pair, [...each(slots)], context);
  if (older > 0) {
    const [owner, other] = [pair.receiver.pod.name, pair.donor.pod.name];
    const text = `${older} keys were on ${owner} and on ${other}, from where they were deleted: the owner's count.`;
    context.tell({ kind: 'note', text });
  }
  await closeMarks(pair.donor, slots, context.clock);
}

async function withPair<T>(
  { owner }: InDoubt,
  other: string,
  context: StepContext,
  work: (pair: Pair) => Promise<T>,
): Promise<T> {
  await using pair = await openPair(partyOf(other, context), partyOf(owner, context), context);
  return await work(pair);
}
