import { changed, shownIn } from '../../../src/commands/decision.ts';
import { type Cluster, memberOf, withMember } from '../../../src/core/cluster.ts';
import { Failure } from '../../../src/core/failure.ts';
import { notAllowed as notAllowedBy } from '../../../src/plan/dangers.ts';
import { estimate } from '../../../src/plan/estimate.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { type Plan, steps } from '../../../src/plan/plan.ts';
import { isRest } from '../../../src/plan/remainder.ts';
import type { CommentState } from '../../../src/report/comment.ts';
import { stageTitle } from '../../../src/report/log.ts';
import { hiddenPlan } from '../../../src/report/marker.ts';
import { withoutLast } from '../plan/any-cluster.ts';
import { clusterOf, nothing, planned, planOf, topologyOf, volumeOf } from './reported.ts';

const three = clusterOf({ shards: 3, replicas: 1 });
const four = clusterOf({ shards: 4, replicas: 1 });
const grow = planOf(topologyOf(4), three);

/** As declared, but for what no step mends. */
function amiss(): Cluster {
  const text = 'redis-cluster-3 has no link to redis-cluster-1 on the cluster bus, and does not hold it for failing.';
  const remedy = 'Look whether these pods reach each other on the cluster bus port, in both directions.';
  return { ...three, findings: [{ code: 'link-down', weight: 'differs', text, remedy, pods: ['redis-cluster-1'] }] };
}

/** Name of the golden file → the state that it shows. */
export const CASES: ReadonlyMap<string, CommentState> = new Map<string, CommentState>([
  ['create', planned(planOf(topologyOf(3), nothing()))],
  ['grow', planned(grow)],
  ['shrink', planned(planOf(topologyOf(3), four))],
  ['shrink-and-delete-volumes', planned(planOf(topologyOf(3, { volumes: { onScaleDown: 'delete' } }), four))],
  [
    'shrink-where-kubernetes-deletes-volumes',
    planned(planOf(topologyOf(3), { ...four, workload: { ...workloadIn(four), volumesGoWithPods: true } })),
  ],
  [
    'rebalance',
    planned(
      planOf(
        topologyOf(3),
        clusterOf({ shards: 3, replicas: 1, slots: [[[0, 8_999]], [[9_000, 12_999]], [[13_000, 16_383]]] }),
      ),
    ),
  ],
  ['placement', planned(planOf(topologyOf(3), crowded()))],
  [
    'placement-not-kept',
    planned(planOf(topologyOf(3), { ...clusterOf({ shards: 4, replicas: 1, nodeOf: () => 'node-1' }) })),
  ],
  ['repair', planned(planOf(topologyOf(3), interrupted()))],
  [
    'cleanup',
    planned(
      planOf(topologyOf(3, { volumes: { onScaleDown: 'delete' } }), {
        ...three,
        volumes: [...three.volumes, volumeOf(6), volumeOf(7)],
      }),
    ),
  ],
  ['brings-back', planned(planOf(topologyOf(4), withoutLast(four, 1, false)))],
  ['more-replicas', planned(planOf(topologyOf(3, { replicasPerShard: 2 }), three))],
  ['destroy', planned(planOf(topologyOf(3, { state: 'absent' }), { ...three, manifests: nothing().manifests }))],
  ['fail-over', planned(planOf(topologyOf(3, { replicasPerShard: 0 }), replicasFirst()))],
  ['nothing-to-do', planned(planOf(topologyOf(3), three))],
  ['nothing-to-do-and-amiss', planned(planOf(topologyOf(3), amiss()))],
  ['refused-unhealthy', refused()],
  ['refused-not-allowed', notAllowed()],
  ['refused-locked', locked()],
  ['refused-changed', changedPlan()],
  ['applying', { kind: 'applying', plan: grow, estimate: estimate(grow, new Map()), progress: progressOf(grow) }],
  ['applied', { kind: 'applied', plan: grow, estimate: estimate(grow, new Map()), seconds: 83.4, now: swapped(grow) }],
  [
    'failed-midway',
    {
      kind: 'failed',
      plan: grow,
      estimate: estimate(grow, new Map()),
      failure: new Failure(
        'migration-failed',
        "Moving slots from redis-cluster-0 to redis-cluster-6 stopped at slot 812: redis-cluster-6 answered `OOM command not allowed when used memory > 'maxmemory'.`",
        {
          remedy: 'Give redis-cluster-6 more memory, then run apply again; slots 0-811 stay where they are now.',
          details: ['812 of 1,365 slots have moved.', 'Slot 812 is marked migrating on redis-cluster-0.'],
        },
      ),
      done: grow.stages.slice(0, 4).map((stage, i) => stageTitle(i + 1, stage)),
    },
  ],
  ['200-shards', planned(planOf(topologyOf(220), clusterOf({ shards: 200, replicas: 1, keysPerSlot: 9_000 })))],
]);

function workloadIn({ workload }: Cluster): NonNullable<Cluster['workload']> {
  if (workload === null) throw new Error('There is no StatefulSet.');
  return workload;
}

/** The new pods are on nodes, and have swapped their roles. */
function swapped({ after }: Plan): Plan['after'] {
  const [first, second] = ['redis-cluster-6', 'redis-cluster-7'];
  const nodes = new Map([
    [first, 'node-1'],
    [second, 'node-0'],
  ]);
  const name = (pod: string): string => (pod === first ? second : pod === second ? first : pod) ?? pod;
  const pods = after.pods.map((pod) => {
    const node = nodes.get(pod.name);
    const zone = `zone-${node === 'node-0' ? 'a' : 'b'}`;
    return node === undefined ? pod : { ...pod, node, domains: { 'topology.kubernetes.io/zone': zone } };
  });
  const members = after.members.map((member) => ({
    ...member,
    pod: name(member.pod),
    primary: member.primary === null ? null : name(member.primary),
  }));
  return { ...after, pods, members };
}

/** The runbook's finding: a primary and its replica are on one node. */
function crowded() {
  const nodes = ['node-0', 'node-1', 'node-2', 'node-0', 'node-1', 'node-1'];
  return clusterOf({ shards: 3, replicas: 1, nodeOf: (n) => nodes[n] ?? 'node-2' });
}

/** After a failover the primary of the second shard is the last pod, which leaves with the replicas. */
function replicasFirst() {
  const swap = new Map([
    ['redis-cluster-1', 'redis-cluster-4'],
    ['redis-cluster-4', 'redis-cluster-1'],
  ]);
  const name = (pod: string): string => swap.get(pod) ?? pod;
  const members = three.members.map((member) => ({
    ...member,
    pod: name(member.pod),
    primary: member.primary === null ? null : name(member.primary),
  }));
  return { ...three, members };
}

function interrupted() {
  const name = 'redis-cluster';
  const cluster = withMember(
    withMember(three, `${name}-0`, { open: [{ slot: 100, state: 'migrating', peer: `${name}-1` }] }),
    `${name}-1`,
    {
      open: [{ slot: 100, state: 'importing', peer: `${name}-0` }],
    },
  );
  if (memberOf(cluster, `${name}-0`)?.open === undefined) throw new Error('No slot is open.');
  return cluster;
}

function refused(): CommentState {
  const text = 'redis-cluster-4 is ready for Kubernetes, and its Redis does not answer: connection refused.';
  const remedy = 'Look at the pod and its log, then run again.';
  const result = makePlan(topologyOf(4), {
    ...three,
    findings: [
      { code: 'pod-silent', weight: 'blocks', text, remedy, pods: ['redis-cluster-4'] },
      {
        code: 'node-failing',
        weight: 'blocks',
        text: 'redis-cluster-4 is marked `fail?` by redis-cluster-0 and redis-cluster-1.',
        remedy: 'Bring the pod back, or wait until the cluster has failed over, then run again.',
        pods: ['redis-cluster-4'],
      },
    ],
  });
  if (result.kind === 'plan') throw new Error('This was to be refused.');
  return { kind: 'refused', failure: result.failure, plan: null, estimate: null };
}

function notAllowed(): CommentState {
  const plan = planOf(topologyOf(3, { volumes: { onScaleDown: 'delete' } }), four);
  const failure = notAllowedBy(plan, []);
  if (failure === null) throw new Error('This was to be refused.');
  return { kind: 'refused', failure, plan, estimate: estimate(plan, new Map()), approved: approvalOf(plan) };
}

/** Of a plan that was merged; the lock passes. */
function locked(): CommentState {
  const remedy = 'Run again when that apply has ended.';
  const failure = new Failure('locked', 'Another apply is at work on sessions.', { remedy });
  return { kind: 'refused', failure, plan: grow, estimate: estimate(grow, new Map()), approved: approvalOf(grow) };
}

/** A shard was to be added; before that somebody has moved slots by hand. */
function changedPlan(): CommentState {
  const moved = clusterOf({ shards: 3, replicas: 1, slots: [[[0, 5_999]], [[6_000, 10_922]], [[10_923, 16_383]]] });
  const plan = planOf(topologyOf(4), moved);
  const answer = isRest(steps(grow), plan, grow.unbound);
  const differences = answer.rest ? [] : answer.differences.map((text) => `#7: ${text}`);
  const failure = changed(plan, 'It is not what was shown in the pull request.', differences);
  const shown = shownIn('#7', { hash: grow.hash, steps: steps(grow), unbound: grow.unbound });
  const approved = approvalOf(grow);
  return { kind: 'refused', failure, plan, estimate: estimate(plan, new Map()), shown, approved };
}

/** What a merged pull request has approved, as its comment holds it. */
function approvalOf(plan: Plan): NonNullable<Extract<CommentState, { kind: 'refused' }>['approved']> {
  return { hash: plan.hash, hidden: hiddenPlan(plan, 'planned').line };
}

function progressOf(plan: Plan): readonly string[] {
  const titles = plan.stages.map((stage, i) => stageTitle(i + 1, stage));
  return [
    ...titles.slice(0, 4).map((title) => `✓ ${title}`),
    `… ${titles[4] ?? ''}`,
    '   redis-cluster-0 → redis-cluster-6: 812 of 1,365 slots, 49,532 of 83,265 keys, 25k keys/s, 1 s left',
    '   redis-cluster-1 → redis-cluster-6: 801 of 1,366 slots, 48,861 of 83,326 keys, 25k keys/s, 1 s left',
  ];
}
