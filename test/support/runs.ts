import { systemClock } from '../../src/adapters/process/clock.ts';
import type { Pod } from '../../src/core/cluster.ts';
import type { Event } from '../../src/core/events.ts';
import { Failure } from '../../src/core/failure.ts';
import { array } from '../../src/core/replies.ts';
import type { Topology } from '../../src/core/topology.ts';
import { carryOut } from '../../src/engine/carry-out.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { isRest } from '../../src/plan/remainder.ts';
import { type Approved, resumePlan } from '../../src/plan/resume-plan.ts';
import type { Answer, Redis, Reply } from '../../src/ports/redis.ts';
import { type Ground, look } from './apply.ts';
import { primariesOf, type Servers } from './dataset.ts';

/** How one run of apply ended: all is as declared, or what it told instead. */
export type End = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * One run of apply after the approval, as a workflow begins it however the one before it ended: it goes on with the approved
 * plan where that is possible, else it makes a new one, as if that were approved now.
 */
export async function runOnce(
  ground: Ground,
  topology: Topology,
  approved: Approved,
  tell: (event: Event) => void = () => undefined,
): Promise<End> {
  try {
    const cluster = await look(ground, topology);
    const resumed = resumePlan(topology, cluster, approved);
    const isOurs = resumed.kind === 'plan' && isRest(approved.steps, resumed.plan, approved.unbound).rest;
    const planned = isOurs ? resumed : makePlan(topology, cluster);
    if (planned.kind === 'refused') return { kind: 'failed', failure: planned.failure };
    await carryOut(
      topology,
      { ...ground, clock: systemClock, observe: ({ thorough }) => look(ground, topology, { thorough }) },
      {
        approved: planned.plan,
        allow: [],
        journal: { stage: (_number, _planned, work) => work(), tell },
        stop: new AbortController().signal,
      },
    );
    return { kind: 'done' };
  } catch (thrown) {
    if (thrown instanceof Failure) return { kind: 'failed', failure: thrown };
    throw thrown;
  }
}

/** What a primary holds: the digest of every key, as the server itself computes it, also of slots that it does not serve. */
export type Holdings = readonly ReadonlyMap<string, string>[];

/** By primary. The servers must be configured as `withDigests` says. */
export async function holdings(servers: Servers): Promise<Holdings> {
  return Promise.all((await primariesOf(servers)).map((pod) => holdingsOf(servers.redis, pod)));
}

async function holdingsOf(redis: Redis, pod: Pod): Promise<ReadonlyMap<string, string>> {
  const options = { signal: AbortSignal.timeout(30_000), timeout: 30_000 };
  await using connection = await redis.open(pod, options);
  const [names] = await connection.send([['KEYS', '*']], options);
  const keys = array(given(names), 'KEYS').map(String);
  const digests = await connection.send(
    keys.map((key) => ['DEBUG', 'DIGEST-VALUE', key]),
    options,
  );
  return new Map(keys.map((key, i) => [key, String(given(digests[i]) ?? 'no answer')]));
}

function given(answer: Answer | undefined): Reply {
  return answer?.ok === true ? answer.value : null;
}

/**
 * Keys that no primary holds any more as one did before, in words; the first few. A key that two hold is not lost: an
 * interrupted MIGRATE may leave it so, until its slot is mended.
 */
export function lostKeys(before: Holdings, now: Holdings): readonly string[] {
  const lost = before.flatMap((held) =>
    [...held].flatMap(([key, digest]) => {
      const copies = now.flatMap((part) => part.get(key) ?? []);
      if (copies.includes(digest)) return [];
      return [copies.length === 0 ? `${key} is lost` : `${key} has changed`];
    }),
  );
  return lost.length > 9 ? [...lost.slice(0, 9), `and ${lost.length - 9} more`] : lost;
}
