import { type Cluster, type Member, podOf, type SlotKeys } from '../core/cluster.ts';
import { inParallel } from '../core/in-parallel.ts';
import { slotsInDoubt } from '../core/slot-findings.ts';
import { ALL_SLOTS, each, isEmpty, minus, type SlotSet, union } from '../core/slots.ts';
import { countHeld } from '../migration/count-keys.ts';
import type { Redis } from '../ports/redis.ts';

/** How many primaries are asked at the same time. */
const AT_ONCE = 32;

/**
 * What primaries hold of slots that are in doubt, by pod, as far as they hold anything.
 * @param options.thorough whether to look for keys in slots of others, too: it takes as many questions as there are slots,
 *   and four times as many of a primary whose keys are not all in its own
 */
export async function askHoldings(
  cluster: Cluster,
  redis: Redis,
  options: { readonly thorough: boolean; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, readonly SlotKeys[]>> {
  const doubtful = slotsInDoubt(cluster);
  if (isEmpty(doubtful) && !options.thorough) return new Map();
  const primaries = cluster.members.filter((member) => member.joined && member.role === 'primary');
  const asked = await inParallel(primaries, AT_ONCE, async (member) => {
    const inDoubt = await heldBy(member, doubtful, cluster, redis, options.signal);
    const astray = options.thorough ? await astrayIn(member, doubtful, cluster, redis, options.signal) : [];
    return [member.pod, [...inDoubt, ...astray].toSorted((a, b) => a.slot - b.slot)] as const;
  });
  return new Map(asked.filter(([, held]) => held.length > 0));
}

/** Only where it holds more keys than its own slots: most never do. */
async function astrayIn(
  member: Member,
  doubtful: SlotSet,
  cluster: Cluster,
  redis: Redis,
  signal: AbortSignal,
): Promise<readonly SlotKeys[]> {
  const own = await heldBy(member, union(member.slots, doubtful), cluster, redis, signal);
  const known = own.reduce((sum, { keys }) => sum + keys, 0);
  if (member.facts.keys <= known) return [];
  return heldBy(member, minus(ALL_SLOTS, union(member.slots, doubtful)), cluster, redis, signal);
}

async function heldBy(
  member: Member,
  slots: SlotSet,
  cluster: Cluster,
  redis: Redis,
  signal: AbortSignal,
): Promise<readonly SlotKeys[]> {
  const pod = podOf(cluster, member.pod);
  const numbers = [...each(slots)];
  if (pod === undefined || numbers.length === 0) return [];
  const main = await redis.connection(pod, { signal });
  const counts = await countHeld({ pod, main, open: (one, options) => redis.open(one, options) }, numbers);
  return numbers.flatMap((slot, i) => ((counts[i] ?? 0) > 0 ? [{ slot, keys: counts[i] ?? 0 }] : []));
}
