import { type Cluster, type Member, podOf, type SlotKeys } from '../core/cluster.ts';
import { inParallel } from '../core/in-parallel.ts';
import { text } from '../core/replies.ts';
import { slotsInDoubt } from '../core/slot-findings.ts';
import { ALL_SLOTS, each, isEmpty, minus, type SlotSet, union } from '../core/slots.ts';
import { countHeld } from '../migration/count-keys.ts';
import { ask, STEADY } from '../ports/ask.ts';
import type { Redis } from '../ports/redis.ts';

/** How many primaries are asked at the same time. */
const AT_ONCE = 32;

/** What a member holds besides what is its own, as `Member` has it. */
type Holding = Pick<Member, 'holds' | 'hides'>;

/**
 * What primaries hold of slots that are in doubt, by pod, as far as they hold anything.
 * @param options.thorough whether to look for keys in slots of others, too: it takes as many questions as there are slots,
 *   and four times as many of a primary whose keys are not all in its own
 */
export async function askHoldings(
  cluster: Cluster,
  redis: Redis,
  options: { readonly thorough: boolean; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, Holding>> {
  const doubtful = slotsInDoubt(cluster);
  if (isEmpty(doubtful) && !options.thorough) return new Map();
  const primaries = cluster.members.filter((member) => member.joined && member.role === 'primary');
  const asked = await inParallel(primaries, AT_ONCE, async (member) => {
    const pod = podOf(cluster, member.pod);
    if (pod === undefined) return [member.pod, {}] as const;
    const main = await redis.connection(pod, { signal: options.signal });
    const server: Server = { pod, main, open: (one, how) => redis.open(one, how) };
    const inDoubt = await heldOf(server, doubtful);
    const astray = options.thorough ? await astrayOn(server, member, doubtful) : {};
    const holds = [...inDoubt, ...(astray.holds ?? [])].toSorted((a, b) => a.slot - b.slot);
    return [member.pod, { ...astray, ...(holds.length === 0 ? {} : { holds }) }] as const;
  });
  return new Map(asked.filter(([, holding]) => Object.keys(holding).length > 0));
}

type Server = Parameters<typeof countHeld>[0];

/** Only where it holds more keys than its own slots: most never do. */
async function astrayOn(server: Server, member: Member, doubtful: SlotSet): Promise<Holding> {
  const own = union(member.slots, doubtful);
  const before = await keysOn(server);
  const known = sum(await heldOf(server, own));
  // Under traffic the number changes meanwhile: what was there before and is there after counts.
  const unknown = Math.min(before, await keysOn(server)) - known;
  if (unknown <= 0) return {};
  const holds = await heldOf(server, minus(ALL_SLOTS, own));
  return holds.length > 0 ? { holds } : { hides: unknown };
}

async function keysOn({ main, pod }: Server): Promise<number> {
  const what = `INFO keyspace of ${pod.name}`;
  const info = text(await ask(main, ['INFO', 'keyspace'], { signal: STEADY }), what);
  return sum([...info.matchAll(/^db\d+:keys=(\d+)/gm)].map((match) => ({ keys: Number(match[1]) })));
}

async function heldOf(server: Server, slots: SlotSet): Promise<readonly SlotKeys[]> {
  const numbers = [...each(slots)];
  if (numbers.length === 0) return [];
  const counts = await countHeld(server, numbers);
  return numbers.map((slot, i) => ({ slot, keys: counts[i] ?? 0 })).filter(({ keys }) => keys > 0);
}

function sum(held: readonly { readonly keys: number }[]): number {
  return held.reduce((total, { keys }) => total + keys, 0);
}
