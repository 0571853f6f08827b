import { type Cluster, type Member, podOf, type SlotKeys } from '../core/cluster.ts';
import { inParallel } from '../core/in-parallel.ts';
import { parseFields } from '../core/info.ts';
import { array, number, text } from '../core/replies.ts';
import { slotsInDoubt } from '../core/slot-findings.ts';
import { ALL_SLOTS, each, isEmpty, minus, SLOT_COUNT, type SlotSet, union } from '../core/slots.ts';
import { countHeld } from '../migration/count-keys.ts';
import { sumByScript } from '../migration/count-script.ts';
import { databasesIn, KEYSPACE_QUESTION, keysTold } from '../migration/databases.ts';
import type { Command, Redis } from '../ports/redis.ts';
import { ask, STEADY } from '../servers/ask.ts';
import { statOf, statsOf } from './slot-stats.ts';

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

/** Only where it does not hold just the keys of its own slots: most do. */
async function astrayOn(server: Server, member: Member, doubtful: SlotSet): Promise<Holding> {
  const own = union(member.slots, doubtful);
  if (await holdsNoOthers(server, member, own)) return {};
  const holds = await heldOf(server, minus(ALL_SLOTS, own));
  if (holds.length > 0) return { holds };
  const hides = member.capabilities?.atomic === 'MIGRATION' ? await hiddenOn(server, own) : 0;
  return hides > 0 ? { hides } : {};
}

/**
 * A script counts both at the same moment, where there is one database. Else the two differ under traffic either way, so that it is a
 * suspicion if they do, which a look into the other slots settles. What clients delete meanwhile would hide what is astray, were only
 * more keys suspicious.
 */
async function holdsNoOthers(server: Server, { capabilities }: Member, own: SlotSet): Promise<boolean> {
  const counted = await sumByScript(server.main, own);
  if (counted !== null && databasesIn(counted.keyspace, server.pod.name).every((database) => database === 0))
    return counted.keys === keysTold(counted.keyspace, server.pod.name);
  const isToldOf = counted === null && capabilities?.slotStats === true;
  if (isToldOf && (await areAllThatItHolds(server, () => keysOfOwnSlots(server)))) return true;
  return areAllThatItHolds(server, async () => sum(await heldOf(server, own)));
}

/** How often in a row both numbers have to be the same: while clients write, they now and then are by chance. */
const TIMES_THE_SAME = 3;

async function areAllThatItHolds(server: Server, counted: () => Promise<number>): Promise<boolean> {
  for (let times = 0; times < TIMES_THE_SAME; times += 1) {
    if ((await counted()) !== (await keysOn(server))) return false;
  }
  return true;
}

/**
 * As a server tells in one answer that knows CLUSTER SLOT-STATS, to a user who may run no script: only of slots that it owns, and only
 * of database 0. Too few where it does not tell, not to this user, or not in this form: then slot by slot is counted.
 */
async function keysOfOwnSlots({ main }: Server): Promise<number> {
  const stats = await statsOf(main, 0, SLOT_COUNT - 1, { signal: STEADY });
  return sum((stats ?? []).map((entry) => ({ keys: statOf(entry, 'key-count') ?? 0 })));
}

/**
 * Keys that the server counts in none of these slots. All is asked in one transaction, which takes some milliseconds: one
 * question after the other would take traffic for hidden keys. While the server still throws away what a job has moved
 * (active trim, of cluster_asm.c) nothing can be told; nor where the user has no right to MULTI.
 */
async function hiddenOn({ pod, open }: Server, slots: SlotSet): Promise<number> {
  await using connection = await open(pod, { signal: STEADY });
  const counts = [...each(slots)].map((slot): Command => ['CLUSTER', 'COUNTKEYSINSLOT', slot]);
  const commands: readonly Command[] = [['MULTI'], ['CLUSTER', 'INFO'], ['DBSIZE'], ...counts, ['EXEC']];
  const answer = (await connection.send(commands, { signal: STEADY })).at(-1);
  if (answer?.ok !== true) return 0;
  const what = `EXEC of ${pod.name}`;
  const [info = null, size = null, ...known] = array(answer.value, what);
  if (parseFields(text(info, what)).get('cluster_slot_migration_active_trim_running') !== '0') return 0;
  return number(size, what) - known.reduce<number>((total, keys) => total + number(keys, what), 0);
}

async function keysOn({ main, pod }: Server): Promise<number> {
  return keysTold(await ask(main, KEYSPACE_QUESTION, { signal: STEADY }), pod.name);
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
