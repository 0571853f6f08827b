import { describe, expect, test } from '@jest/globals';
import type { Cluster } from '../../../src/core/cluster.ts';
import type { NodeLine } from '../../../src/core/nodes.ts';
import type { Topology } from '../../../src/core/topology.ts';
import { missingAllow } from '../../../src/plan/dangers.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan, Planned } from '../../../src/plan/plan.ts';
import { steps } from '../../../src/plan/plan.ts';
import { isRest } from '../../../src/plan/remainder.ts';
import { resumePlan } from '../../../src/plan/resume-plan.ts';
import { KINDS } from '../../../src/steps/index.ts';
import { volumeOf } from '../../support/cluster.ts';
import { answersOf, idOf, type NodeSketch, withLine } from '../../support/node-reports.ts';
import { SIX, see } from '../../support/seen.ts';
import { placeOf, topologyOf } from '../../support/topology.ts';

/** Volumes are kept of pods that somebody has scaled away by hand; what they held is on them alone. */

const FOUR: readonly NodeSketch[] = [
  { n: 0, slots: '0-4095', keys: 10 },
  { n: 1, slots: '4096-8191', keys: 10 },
  { n: 2, slots: '8192-12287', keys: 10 },
  { n: 3, slots: '12288-16383', keys: 10 },
];

const FAILED: Partial<NodeLine> = { health: 'failed', connected: false };
const SILENT: Partial<NodeLine> = { connected: false };

interface Left {
  /** What the others say of those that are gone; null: they have forgotten them. Default: failed. */
  readonly gone?: Partial<NodeLine> | null;
  /** Of ordinals; default: of all that were there. */
  readonly volumes?: readonly Cluster['volumes'][number][];
}

/** The first pods of a cluster, whose StatefulSet has no more of them. */
function leftOf(sketches: readonly NodeSketch[], pods: number, { gone = FAILED, volumes }: Left = {}): Cluster {
  const away = sketches.slice(pods).map(({ n }) => n);
  const reports = answersOf(sketches)
    .slice(0, pods)
    .map((answer) => {
      const { others } = answer.view;
      const forgotten = { ...answer.view, others: others.filter((line) => !away.some((n) => line.id === idOf(n))) };
      const view = gone === null ? forgotten : away.reduce((seen, n) => withLine(seen, n, gone), answer.view);
      return { ...answer, view, stateOk: !away.some((n) => sketches[n]?.slots !== undefined) };
    });
  return see(reports, { volumes: volumes ?? sketches.map(({ n }) => volumeOf('redis-cluster', n)) });
}

function declared(shards: number, replicas: number, more: Partial<Topology> = {}): Topology {
  return topologyOf(placeOf('redis-cluster'), { shards, replicas }, more);
}

function planIn(planned: Planned): Plan {
  if (planned.kind === 'refused') throw planned.failure;
  return planned.plan;
}

function words(planned: Planned): readonly string[] {
  return steps(planIn(planned)).map((step) => KINDS.words(step));
}

function remedyFor({ findings }: Cluster): string {
  return findings.find(({ code }) => code === 'unknown-node')?.remedy ?? '';
}

const DELETES = { volumes: { onScaleDown: 'delete' } } as const;

describe('slots whose owner is gone, and a volume that may hold their keys is kept', () => {
  test.each<[string, Left]>([
    ['while the others hold it for failed', {}],
    ['before the others hold it for failed', { gone: SILENT }],
    ['once the others have forgotten it', { gone: null }],
  ])('are not lost, %s: refused, with the volume, the number of pods and the way out', (_when, left) => {
    for (const more of [{}, DELETES]) {
      expect(makePlan(declared(3, 0, more), leftOf(FOUR, 3, left))).toMatchObject({
        kind: 'refused',
        plan: null,
        failure: {
          remedy: expect.stringMatching(
            /Scale the StatefulSet redis-cluster to 4 pods.*delete the PersistentVolumeClaim.*data-redis-cluster-3/,
          ),
        },
      });
    }
  });

  test('are lost where that volume was deleted by hand, never held anything, or is on its way out', () => {
    const three = FOUR.slice(0, 3).map(({ n }) => volumeOf('redis-cluster', n));
    const empty = { ...volumeOf('redis-cluster', 3), bound: false };
    const going = { ...volumeOf('redis-cluster', 3), deleting: true };
    for (const volumes of [three, [...three, empty], [...three, going]]) {
      const plan = planIn(makePlan(declared(3, 0), leftOf(FOUR, 3, { volumes })));
      expect(missingAllow(plan, [])).toEqual(['forget-unknown-nodes', 'assign-lost-slots']);
    }
  });

  test('nobody is told to delete what may hold their keys', () => {
    const { findings } = leftOf(FOUR, 3);
    expect(findings.find(({ code }) => code === 'volume-left-over')?.remedy).not.toContain('onScaleDown: delete');
    const { findings: unharmed } = leftOf(SIX, 5);
    expect(unharmed.find(({ code }) => code === 'volume-left-over')?.remedy).toContain('onScaleDown: delete');
  });

  test('a volume is not deleted while slots have no owner, be there no key in sight', () => {
    const blank = FOUR.slice(0, 3).map(({ n }): NodeSketch => ({ n }));
    const cluster = leftOf([...blank, { n: 3 }], 3, { gone: null });
    expect(makePlan(declared(3, 0, DELETES), cluster)).toMatchObject({
      kind: 'refused',
      failure: {
        code: 'cluster-unhealthy',
        message: expect.stringContaining('data-redis-cluster-3'),
        remedy: expect.stringContaining('onScaleDown: retain'),
      },
    });
    expect(words(makePlan(declared(3, 0), cluster))).toContain('Assign 5,462 slots (0-5461) to redis-cluster-0');
  });
});

describe('declared pods that are not there, and their volumes are', () => {
  const BACK = ['Scale the StatefulSet from 3 to 4 pods', 'Wait until redis-cluster-3 is ready'];

  test.each<[string, Left]>([
    ['while the others hold it for failed', {}],
    ['before the others hold it for failed', { gone: SILENT }],
    ['once the others have forgotten it', { gone: null }],
  ])('come back before anything else is done, %s, and no word is needed', (_when, left) => {
    const plan = planIn(makePlan(declared(4, 0), leftOf(FOUR, 3, left)));
    expect(steps(plan).map((step) => KINDS.words(step))).toEqual(BACK);
    expect(missingAllow(plan, [])).toEqual([]);
    expect(plan.returning).toEqual(['redis-cluster-3']);
    expect(plan.dangers).toMatchObject([{ code: 'rest-unknown', text: expect.stringContaining('redis-cluster-3') }]);
  });

  test.each([
    ['before it is held for failed', SILENT],
    ['once it is', FAILED],
  ])('a replica comes back likewise, %s', (_when, gone) => {
    const plan = planIn(makePlan(declared(3, 1), leftOf(SIX, 5, { gone })));
    expect(steps(plan).map((step) => KINDS.words(step))).toEqual([
      'Scale the StatefulSet from 5 to 6 pods',
      'Wait until redis-cluster-5 is ready',
    ]);
    expect(missingAllow(plan, [])).toEqual([]);
  });

  test('are waited for where Kubernetes was asked for them already', () => {
    const cluster = leftOf(FOUR, 3);
    const asked = cluster.workload === null ? null : { ...cluster.workload, replicas: 4 };
    expect(words(makePlan(declared(4, 0), { ...cluster, workload: asked }))).toEqual(BACK.slice(1));
  });

  test('with others that are new: all come, and what these are for is planned when the old ones are seen', () => {
    expect(words(makePlan(declared(5, 0), leftOf(FOUR, 3)))).toEqual([
      'Scale the StatefulSet from 3 to 5 pods',
      'Wait until redis-cluster-3, redis-cluster-4 are ready',
    ]);
  });

  test('a plan for going on is the rest of that one, between any two of its steps and once all are back', () => {
    const before = leftOf(FOUR, 3);
    const approved = planIn(makePlan(declared(4, 0), before));
    const asked = { steps: steps(approved), unbound: approved.unbound };
    const scaled = KINDS.after({ kind: 'scale', from: 3, to: 4 }, before);
    const whole = see(answersOf(FOUR), { volumes: before.volumes });
    for (const state of [before, scaled, whole]) {
      const now = planIn(resumePlan(declared(4, 0), state, asked));
      expect(isRest(asked.steps, now, asked.unbound)).toEqual({ rest: true });
    }
    expect(planIn(makePlan(declared(4, 0), whole)).stages).toEqual([]);
  });

  test('where nothing is missed they are new ones, as ever', () => {
    const three = FOUR.slice(0, 3).map(
      ({ n }, i): NodeSketch => ({ n, slots: ['0-5460', '5461-10922', '10923-16383'][i] ?? '', keys: 9 }),
    );
    const cluster = see(answersOf(three), { volumes: FOUR.map(({ n }) => volumeOf('redis-cluster', n)) });
    const plan = planIn(makePlan(declared(4, 0), cluster));
    expect(new Set(steps(plan).map(({ kind }) => kind))).toEqual(
      new Set(['scale', 'wait-for-pods', 'join', 'move-slots']),
    );
    expect(plan.returning).toEqual([]);
  });

  test('what else is in the way is in the way of them, too', () => {
    const cluster = leftOf(FOUR, 3);
    const silent = { code: 'pod-silent', weight: 'blocks', text: 'It hangs.', remedy: 'Look.', pods: [] } as const;
    expect(makePlan(declared(4, 0), { ...cluster, findings: [...cluster.findings, silent] })).toMatchObject({
      kind: 'refused',
      failure: { code: 'redis-unreachable' },
    });
  });
});

describe('a node that is no pod', () => {
  test.each([
    ['silent', SILENT],
    ['failed', FAILED],
  ])('and is %s may be on a volume that is kept: how it comes back is said, and not that it is alive', (_how, gone) => {
    for (const cluster of [leftOf(SIX, 5, { gone }), leftOf(FOUR, 3, { gone })]) {
      expect(remedyFor(cluster)).toContain(`Scale the StatefulSet redis-cluster to ${cluster.pods.length + 1} pods`);
      expect(remedyFor(cluster)).not.toContain('It is alive');
    }
  });

  test('that others reach may have gone this moment: where a volume is kept both is said, and it comes back if it is declared', () => {
    expect(remedyFor(leftOf(FOUR, 3, { gone: {}, volumes: [] }))).toContain('It is alive');
    const reached = leftOf(FOUR, 3, { gone: {} });
    expect(remedyFor(reached)).toMatch(/Scale the StatefulSet redis-cluster to 4 pods.*Where it is alive elsewhere/);
    expect(makePlan(declared(3, 0), reached).kind).toBe('refused');
    expect(planIn(makePlan(declared(4, 0), reached)).returning).toEqual(['redis-cluster-3']);
  });

  test('is told to be silent where no volume is kept, and nobody reaches it', () => {
    expect(remedyFor(leftOf(FOUR, 3, { gone: SILENT, volumes: [] }))).toContain('Nobody reaches it');
  });

  test('that owns nothing is forgotten where every slot has its owner, for its volume stays', () => {
    const plan = planIn(makePlan(declared(3, 0), leftOf(SIX, 3)));
    expect(new Set(steps(plan).map(({ kind }) => kind))).toEqual(new Set(['forget']));
  });
});
