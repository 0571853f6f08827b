import { describe, expect, test } from '@jest/globals';
import { memberOf } from '../../../src/core/cluster.ts';
import type { NodeAnswer, NodeReport } from '../../../src/core/node-report.ts';
import { answersOf, idOf, lineOf, podOf, withLine, withView } from '../../support/node-reports.ts';
import { found, SIX, see, textOf, whole } from '../../support/seen.ts';

const blank = answersOf([{ n: 0 }])[0];

function silent(n: number): NodeReport {
  return { kind: 'silent', pod: `redis-cluster-${n}`, seen: 'connect ECONNREFUSED.', because: 'unreachable' };
}

/** All answer but one. */
const without = (n: number): NodeReport[] => [...whole.filter((_, i) => i !== n), silent(n)];

/** All know one node more. */
const known = (n: number, change: Partial<ReturnType<typeof lineOf>> = {}): NodeAnswer[] =>
  whole.map((answer) => ({
    ...answer,
    view: { ...answer.view, others: [...answer.view.others, { ...lineOf({ n }), ...change }] },
  }));

describe('a sound cluster', () => {
  test('has no findings, and members that are named by their pods', () => {
    const cluster = see(whole);
    expect(found(cluster)).toEqual([]);
    expect(cluster.strangers).toEqual([]);
    expect(
      cluster.members.map(({ pod, role, primary, joined, synced }) => [pod, role, primary, joined, synced]),
    ).toEqual([
      ['redis-cluster-0', 'primary', null, true, true],
      ['redis-cluster-1', 'primary', null, true, true],
      ['redis-cluster-2', 'primary', null, true, true],
      ['redis-cluster-3', 'replica', 'redis-cluster-0', true, true],
      ['redis-cluster-4', 'replica', 'redis-cluster-1', true, true],
      ['redis-cluster-5', 'replica', 'redis-cluster-2', true, true],
    ]);
    expect(memberOf(cluster, 'redis-cluster-1')?.facts.address).toBe('10.0.0.1:6379@16379');
  });

  test('is the same value in whatever order it was seen', () => {
    const pods = whole.map((_, n) => podOf(n));
    expect(see(whole.toReversed(), { pods: pods.toReversed() })).toEqual(see(whole, { pods }));
  });

  test('of one node that owns everything is joined', () => {
    const cluster = see(answersOf([{ n: 0, slots: '0-16383' }]));
    expect(found(cluster)).toEqual(['note few-primaries']);
    expect(cluster.members).toMatchObject([{ joined: true }]);
  });

  test('sees ordinals by number: 10 comes after 9', () => {
    const many = answersOf(Array.from({ length: 11 }, (_, n) => (n === 0 ? { n, slots: '0-16383' } : { n, of: 0 })));
    expect(see(many).members.at(-1)?.pod).toBe('redis-cluster-10');
  });
});

describe('servers that form no cluster yet', () => {
  const alone = [0, 1, 2].flatMap((n) => answersOf([{ n }]));

  test('are no finding, and not joined', () => {
    const cluster = see(alone);
    expect(found(cluster)).toEqual([]);
    expect(cluster.members.map((member) => member.joined)).toEqual([false, false, false]);
  });

  test('get the IP of their pod where they do not know their own address', () => {
    const [first, ...rest] = alone;
    if (first === undefined) throw new Error('no node');
    const nameless = { ...first, view: { ...first.view, me: { ...first.view.me, ip: '' } } };
    expect(see([nameless, ...rest]).members[0]?.facts.address).toBe('10.0.0.0:6379@16379');
  });

  test('no finding when their forming was interrupted before anything was stored', () => {
    expect(found(see(answersOf([{ n: 0, slots: '0-5460' }, { n: 1 }, { n: 2 }])))).toEqual([]);
  });

  test('stray keys stand in the way', () => {
    const cluster = see([...whole, ...answersOf([{ n: 6, keys: 1_234 }])]);
    expect(found(cluster)).toEqual(['blocks stray-keys']);
    expect(textOf(cluster, 'stray-keys')).toContain('redis-cluster-6 is no part of the cluster and holds 1,234 keys');
  });

  test('a handshake is no acquaintance', () => {
    if (blank === undefined) throw new Error('no node');
    const met = { ...blank, view: { ...blank.view, others: [{ ...lineOf({ n: 9 }), handshake: true }] } };
    expect(see([met])).toMatchObject({ members: [{ joined: false }], strangers: [] });
    expect(found(see([met]))).toEqual(['note meet-unanswered']);
  });
});

describe('what stands in the way of a plan', () => {
  test('slots without an owner, once there are keys', () => {
    const cluster = see(answersOf(SIX.map((node) => (node.n === 1 ? { ...node, slots: '5461-10000' } : node))));
    expect(found(cluster)).toEqual(['blocks slots-without-owner']);
    expect(textOf(cluster, 'slots-without-owner')).toContain('slots 10001-10922 (922 slots)');
  });

  test('slots with two owners, as both say', () => {
    const twice = answersOf(SIX.map((node) => (node.n === 1 ? { ...node, slots: '5400-10922' } : node)));
    const cluster = see(twice);
    expect(found(cluster)).toEqual(['blocks slots-with-two-owners']);
    expect(textOf(cluster, 'slots-with-two-owners')).toContain('redis-cluster-1 has the higher config epoch (2)');
  });

  test('open slots, with the pods at both ends', () => {
    const open = withView(whole, 0, (view) => ({
      ...view,
      open: [
        { slot: 5, state: 'migrating', peer: idOf(1) },
        { slot: 6, state: 'migrating', peer: idOf(1) },
        { slot: 9_000, state: 'importing', peer: idOf(77) },
      ],
    }));
    const cluster = see(open);
    expect(found(cluster)).toEqual(['blocks open-slots']);
    expect(textOf(cluster, 'open-slots')).toContain(
      'redis-cluster-0 is migrating slots 5-6 (2 slots) to redis-cluster-1; redis-cluster-0 is importing slot 9000 from an unknown node',
    );
    expect(memberOf(cluster, 'redis-cluster-0')?.open).toHaveLength(3);
  });

  test('a member that does not know the owner of slots', () => {
    const cluster = see(withView(whole, 5, (view) => withLine(view, 0, { slots: [[0, 5000]] })));
    expect(found(cluster)).toEqual(['blocks owner-not-known']);
    expect(textOf(cluster, 'owner-not-known')).toContain('redis-cluster-0 owns slots 5001-5460 (460 slots)');
  });

  test.each([
    [
      'a role',
      { role: 'replica', slots: [[0, 5460]] },
      'views-differ',
      'redis-cluster-5 takes redis-cluster-0 for a replica',
    ],
    ['acquaintance', { handshake: true }, 'node-not-known', 'redis-cluster-5 does not know redis-cluster-0'],
  ] as const)('members that differ in %s', (_name, change, code, text) => {
    const cluster = see(withView(whole, 5, (view) => withLine(view, 0, change)));
    expect(found(cluster)).toEqual([`blocks ${code}`]);
    expect(textOf(cluster, code)).toContain(text);
  });

  test('members that differ in who replicates whom', () => {
    const cluster = see(withView(whole, 2, (view) => withLine(view, 3, { primary: idOf(1) })));
    expect(textOf(cluster, 'views-differ')).toContain(
      'redis-cluster-2 takes redis-cluster-3 for the replica of another',
    );
  });

  test('a member that still refuses to serve', () => {
    const cluster = see(whole.map((answer, n) => (n === 4 ? { ...answer, stateOk: false } : answer)));
    expect(textOf(cluster, 'cluster-down')).toContain('redis-cluster-4 says cluster_state:fail');
  });

  test('two clusters that do not know each other', () => {
    const two = [
      ...whole,
      ...answersOf([
        { n: 6, slots: '0-16383' },
        { n: 7, of: 6 },
      ]),
    ];
    const cluster = see(two);
    expect(found(cluster)).toContain('blocks two-clusters');
    expect(textOf(cluster, 'two-clusters')).toContain('redis-cluster-6 and redis-cluster-7');
  });

  test('two servers on copies of one volume', () => {
    const [first] = answersOf([{ n: 0, slots: '0-16383' }]);
    if (first === undefined) throw new Error('no node');
    expect(found(see([first, { ...first, pod: 'redis-cluster-1' }]))).toContain('blocks two-clusters');
  });

  test("pods on the host's network of one Kubernetes node, where one server answers for both", () => {
    const pods = whole.map((_, n) => podOf(n, n === 4 ? { ip: '10.0.0.3' } : {}));
    const [third] = whole.filter(({ pod }) => pod === 'redis-cluster-3');
    if (third === undefined) throw new Error('no node');
    const cluster = see(
      whole.map((answer, n) => (n === 4 ? { ...third, pod: 'redis-cluster-4' } : answer)),
      { pods },
    );
    expect(found(cluster)).toEqual(['blocks shared-address', 'blocks node-failing']);
    expect(textOf(cluster, 'shared-address')).toBe(
      'redis-cluster-3 and redis-cluster-4 have the IP 10.0.0.3, as pods on the network of one Kubernetes node do (hostNetwork), and one server answered for all of them.',
    );
    expect(textOf(cluster, 'node-failing')).toContain('it is redis-cluster-4');
  });

  test('servers that do not run in cluster mode', () => {
    const cluster = see([{ kind: 'not-clustered', pod: 'redis-cluster-0' }]);
    expect(found(cluster)).toEqual(['blocks not-cluster-mode']);
  });

  test.each([
    ['failed', 'fail'],
    ['suspected', 'fail?'],
  ] as const)('a member that another holds for %s', (health, flag) => {
    const cluster = see(withView(whole, 0, (view) => withLine(view, 4, { health })));
    expect(found(cluster)).toEqual(['blocks node-failing']);
    expect(textOf(cluster, 'node-failing')).toBe(`redis-cluster-4 is marked \`${flag}\` by redis-cluster-0.`);
  });
});

describe('nodes that do not answer', () => {
  test('a ready pod that is silent is told as silent and as missing, with its slots', () => {
    const cluster = see(without(1));
    expect(found(cluster)).toEqual(['blocks pod-silent', 'blocks node-failing']);
    expect(textOf(cluster, 'node-failing')).toContain('which owns slots 5461-10922 (5,462 slots)');
    expect(textOf(cluster, 'node-failing')).toContain('it is redis-cluster-1');
    expect(cluster.strangers).toEqual([]);
  });

  test.each([
    ['a primary with a replica', [1], 'wait until redis-cluster-4 has taken over'],
    ['a primary whose replica is gone, too', [1, 4], 'no replica of it is there to take over'],
    ['a replica', [4], 'wait until the cluster has failed over'],
  ])('%s: what is to be done says who may take over', (_name, gone, remedy) => {
    const reports = whole.map((answer, n): NodeReport => (gone.includes(n) ? silent(n) : answer));
    const failing = see(reports).findings.find(
      ({ code, pods }) => code === 'node-failing' && pods.includes(`redis-cluster-${gone[0]}`),
    );
    expect(failing?.remedy).toContain(remedy);
  });

  test('a pod that is not ready is a difference, and blocks where it is a known member', () => {
    const pods = whole.map((_, n) => podOf(n, n === 4 ? { ready: false, trouble: 'CrashLoopBackOff' } : {}));
    const cluster = see(without(4), { pods });
    expect(found(cluster)).toEqual(['differs pod-not-ready', 'blocks node-failing']);
    expect(textOf(cluster, 'pod-not-ready')).toContain('CrashLoopBackOff');
  });

  test('a pod that is yet to start blocks nothing', () => {
    const pods = [...whole.map((_, n) => podOf(n)), podOf(6, { ready: false, ip: null, trouble: 'Pending' })];
    expect(found(see(whole, { pods }))).toEqual(['differs pod-not-ready']);
  });

  test('one that came back silent at a new IP is still no stranger', () => {
    const pods = whole.map((_, n) => podOf(n, n === 4 ? { ip: '10.0.9.9' } : {}));
    expect(see(without(4), { pods }).strangers).toEqual([]);
  });

  test('its host name tells whose node it is', () => {
    const named = without(4).map(
      (report): NodeReport =>
        report.kind === 'answered'
          ? {
              ...report,
              view: withLine(report.view, 4, { ip: '10.0.9.9', hostname: 'redis-cluster-4.redis.cache.svc' }),
            }
          : report,
    );
    expect(textOf(see(named), 'node-failing')).toContain('it is redis-cluster-4');
  });
});

describe('strangers', () => {
  test('a node that is no pod stands in the way', () => {
    const cluster = see(known(9, { health: 'failed' }));
    expect(found(cluster)).toEqual(['blocks unknown-node']);
    expect(cluster.strangers).toMatchObject([{ id: idOf(9), failed: true, slots: [] }]);
    expect(cluster.strangers[0]?.knownBy).toHaveLength(6);
  });

  test.each([
    ['each of those who know it finds it silent', [0, 1, 2, 3, 4, 5], true],
    ['most find it silent, and one does not', [0, 1, 2, 3, 4], false],
  ])('where no majority is left to hold it for failed: %s', (_name, suspecting, failed) => {
    const cluster = see(
      known(9).map((answer, n) =>
        suspecting.includes(n) ? { ...answer, view: withLine(answer.view, 9, { health: 'suspected' }) } : answer,
      ),
    );
    expect(cluster.strangers).toMatchObject([{ failed }]);
    expect(cluster.findings[0]?.remedy).toContain(failed ? 'allow: forget-unknown-nodes' : 'It is alive');
  });

  test('what a reset leaves behind is named after the pod, and blocks nothing', () => {
    const cluster = see(known(9, { ip: '10.0.0.5' }));
    expect(found(cluster)).toEqual(['differs unknown-node']);
    expect(cluster.strangers).toMatchObject([{ ghostOf: 'redis-cluster-5' }]);
  });

  test('slots of a stranger have an owner', () => {
    const fewer = known(9, { slots: [[0, 99]] }).map((answer, n) =>
      n === 0
        ? { ...answer, view: { ...answer.view, me: { ...answer.view.me, slots: [[100, 5460] as const] } } }
        : answer,
    );
    expect(found(see(fewer))).not.toContain('blocks slots-without-owner');
  });

  test('a replica of a stranger is told', () => {
    const misled = known(9).map((answer, n) =>
      n === 3 ? { ...answer, view: { ...answer.view, me: { ...answer.view.me, primary: idOf(9) } } } : answer,
    );
    expect(found(see(misled))).toContain('differs replica-of-replica');
  });
});
