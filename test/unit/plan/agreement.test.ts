import { describe, expect, test } from '@jest/globals';
import { type Cluster, withMember } from '../../../src/core/cluster.ts';
import type { Finding } from '../../../src/core/findings.ts';
import { parse, type SlotSet } from '../../../src/core/slots.ts';
import type { Topology } from '../../../src/core/topology.ts';
import { missingAllow } from '../../../src/plan/dangers.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { type Plan, steps } from '../../../src/plan/plan.ts';
import { readSteps } from '../../../src/plan/read-steps.ts';
import { isRest } from '../../../src/plan/remainder.ts';
import { resumePlan } from '../../../src/plan/resume-plan.ts';
import { KINDS, type Step } from '../../../src/steps/index.ts';
import { caseOf, planFor } from './named-case.ts';

function stepsWith(plan: Plan, change: (step: Step) => Step | null): readonly Step[] {
  return steps(plan).flatMap((step) => change(step) ?? []);
}

function owning(slots: string): { slots: SlotSet } {
  return { slots: parse(slots) ?? [] };
}

/** As a mover leaves it that is killed between the first SETSLOT and the last. */
function opened(cluster: Cluster, { slot, from, to }: { slot: number; from: string; to: string }): Cluster {
  const donor = withMember(cluster, from, { open: [{ slot, state: 'migrating', peer: to }] });
  const finding: Finding = {
    code: 'open-slots',
    weight: 'blocks',
    text: 'Open.',
    remedy: 'Mend it.',
    pods: [from, to],
  };
  return { ...withMember(donor, to, { open: [{ slot, state: 'importing', peer: from }] }), findings: [finding] };
}

/** 6 and 7 exchanged. */
function swap(pod: string): string {
  return { 'redis-cluster-6': 'redis-cluster-7', 'redis-cluster-7': 'redis-cluster-6' }[pod] ?? pod;
}

describe('a plan is not the rest of the approved one', () => {
  test('where it has a step that nobody has seen', () => {
    const plan = planFor('shrink four to three');
    const approved = stepsWith(plan, (step) => (step.kind === 'remove' ? null : step));
    expect(isRest(approved, plan, [])).toEqual({
      rest: false,
      differences: [
        'Not in the approved plan: Remove redis-cluster-7 from the cluster.',
        'Not in the approved plan: Remove redis-cluster-6 from the cluster.',
      ],
    });
  });

  test('where a step goes further than it was said', () => {
    const plan = planFor('weights');
    const approved = stepsWith(plan, (step) =>
      step.kind === 'move-slots' && step.from === 'redis-cluster-0' ? { ...step, slots: '0-99', count: 100 } : step,
    );
    expect(isRest(approved, plan, [])).toEqual({
      rest: false,
      differences: [
        'Changed: approved was "Move 100 slots (0-99) from redis-cluster-0 to redis-cluster-1", now it is "Move 1,365 slots (0-1364) from redis-cluster-0 to redis-cluster-1".',
      ],
    });
  });

  test('where it leaves out what has not been done', () => {
    const approved = steps(planFor('weights'));
    const now = planFor('nothing to do');
    expect(isRest(approved, now, [])).toEqual({
      rest: false,
      differences: ['Changed: Slots 0-1364,10923-12287 do not end on redis-cluster-1.'],
    });
  });
});

test('all but one slot moved, within the tolerance of the shares: going on ends where it was approved, or is refused as a new plan is', () => {
  const { topology, cluster } = caseOf('grow interrupted after scaling');
  const approved = planFor('grow three to four');
  let almost = withMember(cluster, 'redis-cluster-0', owning('1364-5460'));
  almost = withMember(almost, 'redis-cluster-1', owning('6827-10922'));
  almost = withMember(almost, 'redis-cluster-2', owning('12288-16383'));
  almost = withMember(almost, 'redis-cluster-6', owning('0-1363,5461-6826,10923-12287'));
  const anew = makePlan(topology, almost);
  expect(anew.kind === 'plan' && anew.plan.stages).toEqual([]);
  const resumed = resumePlan(topology, almost, { steps: steps(approved), unbound: approved.unbound });
  expect(resumed.kind === 'plan' && steps(resumed.plan)).toEqual([
    { kind: 'move-slots', from: 'redis-cluster-0', to: 'redis-cluster-6', slots: '1364', count: 1 },
  ]);
  const only: Topology = { ...topology, migration: { ...topology.migration, method: 'atomic' } };
  const refused = resumePlan(only, almost, { steps: steps(approved), unbound: approved.unbound });
  expect(refused).toMatchObject({ kind: 'refused', failure: { code: 'atomic-unsupported' } });
});

describe('slots that a killed run left open', () => {
  const { topology, cluster } = caseOf('grow interrupted after scaling');
  const approved = planFor('grow three to four');
  const left = opened(cluster, { slot: 700, from: 'redis-cluster-0', to: 'redis-cluster-6' });

  test('are mended first where they are part of an approved move', () => {
    const resumed = resumePlan(topology, left, { steps: steps(approved), unbound: approved.unbound });
    expect(resumed.kind === 'plan' && steps(resumed.plan).slice(0, 2)).toEqual([
      { kind: 'repair-slots', owner: 'redis-cluster-6', others: ['redis-cluster-0'], slots: '700', count: 1 },
      { kind: 'move-slots', from: 'redis-cluster-0', to: 'redis-cluster-6', slots: '701-1364', count: 664 },
    ]);
  });

  test('are mended first by a plan that is made anew, too', () => {
    const planned = makePlan(topology, left);
    expect(planned.kind === 'plan' && steps(planned.plan).map((step) => KINDS.words(step))).toEqual([
      'Bring 1 slot (700) in order on redis-cluster-6, with redis-cluster-0',
      'Move 664 slots (701-1364) from redis-cluster-0 to redis-cluster-6',
      'Move 1,366 slots (5461-6826) from redis-cluster-1 to redis-cluster-6',
      'Move 1,365 slots (10923-12287) from redis-cluster-2 to redis-cluster-6',
    ]);
  });

  test('are no part of an approval that does not move them', () => {
    const others = steps(approved).filter((step) => step.kind !== 'move-slots');
    const resumed = resumePlan(topology, left, { steps: others, unbound: [] });
    expect(resumed.kind === 'plan' && isRest(others, resumed.plan, [])).toMatchObject({ rest: false });
  });
});

test('the roles of pods that were not there yet may be exchanged', () => {
  const approved = planFor('grow three to four');
  const swapped = stepsWith(approved, (step) => {
    if (step.kind === 'move-slots') return { ...step, to: swap(step.to) };
    return step.kind === 'replicate' ? { ...step, pod: swap(step.pod), primary: swap(step.primary) } : step;
  });
  expect(isRest(swapped, approved, approved.unbound)).toEqual({ rest: true });
  expect(isRest(swapped, approved, []).rest).toBe(false);
});

describe('where new pods are to come', () => {
  const approved = planFor('grow three to four');
  const { topology, cluster } = caseOf('grow interrupted after scaling');
  const resumed = (now: Cluster): Plan => {
    const planned = resumePlan(topology, now, { steps: steps(approved), unbound: approved.unbound });
    if (planned.kind === 'refused') throw planned.failure;
    return planned.plan;
  };
  /** Both new pods run on the node of 0, of its replica's replica, and so on: a shard of their own would be lost with it. */
  const together: Cluster = {
    ...cluster,
    pods: cluster.pods.map((pod) =>
      pod.ordinal < 6 ? pod : { ...pod, node: 'a1', domains: { 'kubernetes.io/hostname': 'a1' } },
    ),
  };

  test('one of them may change places with a replica that is there', () => {
    const now = resumed(together);
    expect(steps(now)).toContainEqual({ kind: 'replicate', pod: 'redis-cluster-4', primary: 'redis-cluster-6' });
    expect(steps(now)).toContainEqual({ kind: 'replicate', pod: 'redis-cluster-7', primary: 'redis-cluster-1' });
    expect(isRest(steps(approved), now, approved.unbound)).toEqual({ rest: true });
  });

  test('no further copy is made that nobody saw', () => {
    const now = resumed(together);
    const more = {
      step: { kind: 'replicate', pod: 'redis-cluster-3', primary: 'redis-cluster-6' },
      facts: {},
    } as const;
    const end = withMember(now.after, 'redis-cluster-3', { primary: 'redis-cluster-6' });
    const extended = { ...now, stages: [...now.stages, [more]], after: end };
    expect(isRest(steps(approved), extended, approved.unbound).rest).toBe(false);
  });

  test('a pod that lost its volume meanwhile is none of them', () => {
    const blank = { joined: false, role: 'primary', primary: null } as const;
    const now = resumed(withMember(cluster, 'redis-cluster-5', blank));
    expect(isRest(steps(approved), now, approved.unbound)).toEqual({
      rest: false,
      differences: [
        'Not in the approved plan: Join redis-cluster-5 to the cluster.',
        'Not in the approved plan: Make redis-cluster-5 a replica of redis-cluster-2.',
      ],
    });
  });
});

test('of an approved removal, what a reset left may be forgotten, and no node that has failed but one that was named', () => {
  const { topology, cluster } = caseOf('nothing to do');
  const stranger = {
    id: 'f'.repeat(40),
    address: '10.0.0.9:6379@16379',
    role: 'primary',
    slots: [],
    failed: true,
    knownBy: ['redis-cluster-0'],
    followers: [],
  } as const;
  const removal: Step = { kind: 'remove', pod: 'redis-cluster-6' };
  const named: Step = { kind: 'forget', node: stranger.id };
  const forgetting = (left: Cluster['strangers'][number], approved: readonly Step[]): boolean => {
    const planned = makePlan(topology, { ...cluster, strangers: [left] });
    if (planned.kind === 'refused') throw planned.failure;
    expect(steps(planned.plan)).toEqual([{ kind: 'forget', node: stranger.id }]);
    return isRest(approved, planned.plan, []).rest;
  };
  const nowhere = { ...stranger, nowhere: true } as const;
  expect([forgetting(nowhere, [removal]), forgetting(stranger, [removal])]).toEqual([true, false]);
  expect([forgetting(nowhere, [named]), forgetting(stranger, [named])]).toEqual([true, true]);
  expect(forgetting(nowhere, [])).toBe(false);
});

test('a new pod that comes up as the member that it was once may be met again, and no other one', () => {
  const plan = planFor('grow three to four');
  const approved = steps(plan);
  const again = (pod: string): Plan => {
    const met = { step: { kind: 'repair-address', pod }, facts: {} } as const;
    return { ...plan, stages: [[met], ...plan.stages] };
  };
  expect(isRest(approved, again('redis-cluster-7'), plan.unbound)).toEqual({ rest: true });
  expect(isRest(approved, again('redis-cluster-2'), plan.unbound)).toEqual({
    rest: false,
    differences: ['Not in the approved plan: Let the members meet redis-cluster-2 again.'],
  });
});

describe('steps from outside', () => {
  test('are read as they were written', () => {
    const written = steps(planFor('shrink and delete volumes'));
    expect(readSteps(JSON.parse(JSON.stringify(written)))).toEqual(written);
  });

  test.each([
    ['no list', { kind: 'join', pod: 'a-0' }],
    ['a kind that is not known', [{ kind: 'explode', pod: 'a-0' }]],
    ['a kind that is a word of the language', [{ kind: 'constructor' }]],
    ['slots over 16383', [{ kind: 'move-slots', from: 'a-0', to: 'a-1', slots: '16384', count: 1 }]],
    ['a count that is wrong', [{ kind: 'move-slots', from: 'a-0', to: 'a-1', slots: '0-9', count: 9 }]],
    ['nothing in a list', [null]],
  ])('are refused: %s', (_, json) => {
    expect(readSteps(json)).toBeNull();
  });
});

describe('what a run needs to be allowed', () => {
  test('is named where it is not given', () => {
    expect(missingAllow(planFor('shrink and delete volumes'), [])).toEqual(['delete-volumes']);
    expect(missingAllow(planFor('shrink and delete volumes'), ['delete-volumes'])).toEqual([]);
  });

  test('is only destroy where everything is to go, the volumes too', () => {
    expect(missingAllow(planFor('destroy'), ['delete-volumes'])).toEqual(['destroy']);
    expect(missingAllow(planFor('destroy'), ['destroy'])).toEqual([]);
  });

  test('is nothing for what is safe', () => {
    expect(missingAllow(planFor('grow three to four'), [])).toEqual([]);
  });
});

describe('the load of the moment', () => {
  const { topology, cluster: lagging } = caseOf('a lagging replica is waited for');
  const cluster = withMember(lagging, 'redis-cluster-0', { synced: true });
  const planOn = (seen: Cluster): Plan => {
    const planned = makePlan(topology, seen);
    if (planned.kind === 'refused') throw planned.failure;
    return planned.plan;
  };
  const calm = planOn(cluster);
  const behind = { synced: false, behind: true } as const;

  test('lets a plan wait for a replica or a pod, and makes no other plan of it', () => {
    const replica = planOn(withMember(cluster, 'redis-cluster-3', behind));
    expect(steps(replica)).toContainEqual({ kind: 'replicate', pod: 'redis-cluster-3', primary: 'redis-cluster-0' });
    const pods = cluster.pods.map((pod) => (pod.ordinal === 1 ? { ...pod, ready: false } : pod));
    const pod = planOn({ ...cluster, pods });
    expect(steps(pod)).toContainEqual({ kind: 'wait-for-pods', pods: ['redis-cluster-1'] });
    expect([replica.hash, pod.hash]).toEqual([calm.hash, calm.hash]);
    // Also after the failover that they have been approved with.
    expect(isRest(steps(calm), replica, [])).toEqual({ rest: true });
  });

  test('does not choose who takes over', () => {
    expect(planOn(withMember(cluster, 'redis-cluster-0', behind)).hash).toBe(calm.hash);
  });
});

test('the same steps for another StatefulSet are another plan', () => {
  const { topology, cluster } = caseOf('a lagging replica is waited for');
  const place = topology.kubernetes;
  const places = [
    place,
    { ...place, namespace: 'staging' },
    { ...place, statefulSet: 'sessions' },
    { ...place, manifests: 'other' },
  ];
  const hashes = places.map((kubernetes) => {
    const planned = makePlan({ ...topology, kubernetes }, cluster);
    return planned.kind === 'plan' ? planned.plan.hash : 'refused';
  });
  expect(new Set(hashes).size).toBe(3);
  expect(hashes[3]).toBe(hashes[0]);
  expect(hashes).not.toContain('refused');
});
