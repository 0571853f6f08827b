import { Failure } from '../../core/failure.ts';
import { meaningOf } from '../../core/server-errors.ts';
import { count, each, intersect, isEmpty, minus, parse, print, type SlotSet, union } from '../../core/slots.ts';
import { claim } from '../../migration/claim.ts';
import { partyOf } from '../../migration/parties.ts';
import type { StepContext } from '../../ports/context.ts';
import type { Command, Connection } from '../../ports/redis.ts';
import { answerTo, ask, refusal } from '../../servers/ask.ts';
import { untilAllSee, type View, viewOf, viewsOfMembers } from '../../servers/views.ts';
import type { AssignSlots } from './shape.ts';

/** Slots in one ADDSLOTS, where there is no ADDSLOTSRANGE (Redis 6.2). */
const CHUNK = 1_000;

/** Gives the pod those of the slots that it does not have; refuses slots that another node owns. */
export async function run(step: AssignSlots, context: StepContext): Promise<void> {
  const slots = parse(step.slots);
  if (slots === null) {
    throw new Failure('step-failed', `Cannot assign slots ${step.slots} to ${step.pod}: they are no slots.`, {
      remedy: 'Run plan again and use its result as it is.',
    });
  }
  const { pod } = partyOf(step.pod, context);
  const connection = await context.redis.connection(pod, { signal: context.stop });
  const view = await viewOf(connection, { signal: context.stop });
  refuseTaken(step, slots, view, context);
  const owned = union(...[...view.nodes.values()].map((node) => node.slots));
  await add(connection, minus(slots, owned), context.stop);
  const claimCredited = async (): Promise<void> => {
    const credited = await creditedToOthers(slots, view, context);
    if (isEmpty(credited)) return;
    await claim({ pod, main: connection }, credited, context);
  };
  await claimCredited();

  // Nodes that take a new epoch at once take the same one; one of them then takes a newer one (clusterHandleConfigEpochCollision of
  // cluster.c), which may be the node that slots are still credited to.
  const wait = { for: `all members to see slots ${step.slots} on ${step.pod}`, seconds: 60, again: claimCredited };
  await untilAllSee(context, wait, (seen) => {
    const missing = minus(slots, seen.nodes.get(view.me.id)?.slots ?? []);
    return isEmpty(missing) ? null : `slots ${print(missing)} ${ownersIn(seen, missing)}`;
  });
  context.tell({ kind: 'verified', text: `All members see ${count(slots)} slots on ${step.pod}.` });
}

/** As a member sees them: `on id (address, epoch), …`, or `nowhere`. */
function ownersIn(view: View, slots: SlotSet): string {
  const owners = [...view.nodes.values()].filter((node) => !isEmpty(intersect(node.slots, slots)));
  const words = owners.map(({ id, ip, port, configEpoch }) => `on ${id} (${ip}:${port}, epoch ${configEpoch})`);
  return words.join(', ') || 'nowhere';
}

/**
 * Those that some member still takes for another node's, which says itself that it does not own them: it goes on doing so until
 * it hears of an owner with a newer epoch, whatever this pod has heard.
 */
async function creditedToOthers(slots: SlotSet, { me }: View, context: StepContext): Promise<SlotSet> {
  const joined = context.cluster.members.filter((member) => member.joined);
  const views = await viewsOfMembers(context, joined, { signal: context.stop });
  const nodes = [...views.values()].flatMap((view) => [...view.nodes.values()]);
  return intersect(slots, union(...nodes.filter(({ id }) => id !== me.id).map((node) => node.slots)));
}

/** What a member has just said of itself counts more than what this one has heard of it. */
function refuseTaken(step: AssignSlots, slots: SlotSet, view: View, { cluster }: StepContext): void {
  for (const node of view.nodes.values()) {
    const owned = cluster.members.find((member) => member.id === node.id)?.slots ?? node.slots;
    const taken = node.id === view.me.id ? [] : intersect(slots, owned);
    if (isEmpty(taken)) continue;
    throw new Failure(
      'changed-meanwhile',
      `Cannot assign slots ${print(taken)} to ${step.pod}: node ${node.id} (${node.ip}:${node.port}) owns them by now.`,
      { remedy: 'Run plan to see who owns the slots, then apply again.' },
    );
  }
}

async function add(connection: Connection, slots: SlotSet, signal: AbortSignal): Promise<void> {
  if (isEmpty(slots)) return;
  const byRange: Command = ['CLUSTER', 'ADDSLOTSRANGE', ...slots.flat()];
  const answer = await answerTo(connection, byRange, { signal });
  if (answer.ok) return;
  if (meaningOf(answer.error) !== 'unknown-command') throw refusal(connection.pod, byRange, answer.error);
  const numbers = [...each(slots)];
  for (let begin = 0; begin < numbers.length; begin += CHUNK) {
    await ask(connection, ['CLUSTER', 'ADDSLOTS', ...numbers.slice(begin, begin + CHUNK)], { signal });
  }
}
