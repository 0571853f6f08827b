import { each, slotsOfNumbers } from '../core/slots.ts';
import type { StepContext } from '../ports/context.ts';
import { STEADY } from '../servers/ask.ts';
import { lookIntoUnseen, reopen } from './batch.ts';
import { chooseMover } from './choose.ts';
import { leaveClassic, moveClassic } from './classic.ts';
import { throughLosses } from './losses.ts';
import type { Begun, Work } from './mover.ts';
import { paced } from './paced.ts';
import { openPair, type Pair } from './pair.ts';
import { type Parties, partiesNow, plannedParties } from './parties.ts';
import { type Move, Progress } from './progress.ts';
import { ReceiverReplicas } from './receiver-replicas.ts';
import { slotStates } from './slot-states.ts';

/**
 * Moves slots with their keys while clients go on. One node never gives and gets at the same time: two nodes that
 * MIGRATE to each other block both until the timeout.
 * Where a shard fails over in the middle the move goes on at once with its new primary: Redis forgets the marks then, and
 * until the slots are opened again clients do not find keys that have moved.
 * Returns the id of the node that has the slots.
 * Throws Failure `migration-failed`, `redis-permission`, `redis-auth`, `redis-unreachable`, `changed-meanwhile`, or the
 * reason of `context.stop`.
 */
export async function moveSlots(move: Move, context: StepContext): Promise<string> {
  context.stop.throwIfAborted();
  const progress = new Progress(move, context);
  const begun: Begun = { jobs: new Set(), unseen: new Set() };
  let parties = plannedParties(move, context);
  let receiver = parties.receiver.member.id;
  await throughLosses(move, context, {
    slotsDone: () => progress.slotsDone,
    isOver: async () => {
      const now = await partiesNow(move, context);
      const isSame = namesOf(now) === namesOf(parties);
      parties = now;
      return isSame;
    },
    attempt: async ({ isAgain, stands }) => {
      if (isAgain) parties = await partiesNow(move, context);
      // Once slots may be open the connections are needed to close them, however much the run is to stop.
      const signal = isAgain ? STEADY : context.stop;
      await using pair = await openPair(parties.donor, parties.receiver, { ...context, stop: signal });
      stands();
      receiver = pair.receiver.id;
      if (begun.unseen.size > 0) await lookIntoUnseen(pair, begun, context);
      await reopen(pair, [...each(move.slots)], context);
      const replicas = await ReceiverReplicas.of(pair.receiver, context);
      const work: Work = { slots: move.slots, progress, begun, replicas, context };
      if (isAgain) await finishOpen(pair, work, context);
      const mover = chooseMover(parties.donor.member, parties.receiver.member, context);
      await mover(pair, work);
      await replicas.haveAll();
    },
  });
  progress.end();
  return receiver;
}

/** What was open when the connections were lost is still open: it comes before all that may take time, or fail. */
async function finishOpen(pair: Pair, work: Work, context: StepContext): Promise<void> {
  const { open } = await slotStates(pair, [...each(work.slots)]);
  const mover = context.stop.aborted ? leaveClassic : moveClassic;
  if (open.length > 0) await paced(mover, context)(pair, { ...work, slots: slotsOfNumbers(open) });
  context.stop.throwIfAborted();
}

function namesOf({ donor, receiver }: Parties): string {
  return `${donor.pod.name} ${receiver.pod.name}`;
}
