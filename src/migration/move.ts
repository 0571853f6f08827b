import { type Member, memberOf, type Pod, podOf } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import type { StepContext } from '../ports/context.ts';
import { chooseMover } from './choose.ts';
import type { Move } from './mover.ts';
import { constantPace } from './pace.ts';
import { openPair } from './pair.ts';
import { Progress } from './progress.ts';

/**
 * Moves slots with their keys while clients go on. One node never gives and gets at the same time: two nodes that
 * MIGRATE to each other block both until the timeout.
 * Throws Failure `migration-failed`, `redis-permission`, `redis-auth`, `redis-unreachable`, `changed-meanwhile`, or the
 * reason of `context.stop`.
 */
export async function moveSlots(move: Move, context: StepContext): Promise<void> {
  const mover = chooseMover(context.topology.migration.method);
  context.stop.throwIfAborted();
  await using pair = await openPair(partyOf(move.from, context), partyOf(move.to, context), context);
  const progress = new Progress(move, context);
  await mover(pair, { slots: move.slots, pace: constantPace(), progress, context });
  progress.end();
}

function partyOf(name: string, context: StepContext): { pod: Pod; member: Member } {
  const pod = podOf(context.cluster, name);
  const member = memberOf(context.cluster, name);
  if (pod !== undefined && member !== undefined) return { pod, member };
  throw new Failure('changed-meanwhile', `Cannot move slots: pod ${name} is not there, or its Redis does not answer.`, {
    remedy: 'Look at the pod, then run apply again.',
  });
}
