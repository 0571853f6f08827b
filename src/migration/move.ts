import { type Member, memberOf, type Pod, podOf } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { STEADY } from '../ports/ask.ts';
import type { StepContext } from '../ports/context.ts';
import { chooseMover } from './choose.ts';
import { leaveClassic } from './classic.ts';
import { throughLosses } from './losses.ts';
import type { Move } from './mover.ts';
import { paced } from './paced.ts';
import { openPair } from './pair.ts';
import { Progress } from './progress.ts';

/**
 * Moves slots with their keys while clients go on. One node never gives and gets at the same time: two nodes that
 * MIGRATE to each other block both until the timeout.
 * Throws Failure `migration-failed`, `redis-permission`, `redis-auth`, `redis-unreachable`, `changed-meanwhile`, or the
 * reason of `context.stop`.
 */
export async function moveSlots(move: Move, context: StepContext): Promise<void> {
  context.stop.throwIfAborted();
  const [donor, receiver] = [partyOf(move.from, context), partyOf(move.to, context)];
  const mover = chooseMover(donor.member, receiver.member, context);
  const progress = new Progress(move, context);
  const slotsDone = (): number => progress.slotsDone;
  await throughLosses(move, context, slotsDone, async ({ isAgain, stands }) => {
    // Once slots may be open the connections are needed to close them, however much the run is to stop.
    const signal = isAgain ? STEADY : context.stop;
    await using pair = await openPair(donor, receiver, { ...context, stop: signal });
    stands();
    // What was open when the connections were lost is still open.
    const now = isAgain && context.stop.aborted ? paced(leaveClassic, context) : mover;
    await now(pair, { slots: move.slots, progress, context });
  });
  progress.end();
}

export function partyOf(name: string, context: StepContext): { pod: Pod; member: Member } {
  const pod = podOf(context.cluster, name);
  const member = memberOf(context.cluster, name);
  if (pod !== undefined && member !== undefined) return { pod, member };
  throw new Failure('changed-meanwhile', `Cannot move slots: pod ${name} is not there, or its Redis does not answer.`, {
    remedy: 'Look at the pod, then run apply again.',
  });
}
