import { describe, expect, test } from '@jest/globals';
import { memberOf } from '../../../src/core/cluster.ts';
import type { NodeAnswer } from '../../../src/core/node-report.ts';
import { answersOf, type infoOf, lineOf, podOf, withLine, withView } from '../../support/node-reports.ts';
import { found, SIX, see, textOf, whole, withInfo } from '../../support/seen.ts';

/** Nobody has a link to pod 2. */
const cut = (answers: readonly NodeAnswer[]): NodeAnswer[] =>
  answers.map((answer) => ({ ...answer, view: withLine(answer.view, 2, { connected: false }) }));

describe('replicas', () => {
  test.each([
    ['without a link', { linkUp: false }, 'redis-cluster-3 has no link to redis-cluster-0.'],
    ['that copies everything', { copying: true }, 'redis-cluster-3 is copying all data of redis-cluster-0.'],
  ])('one %s is not synced', (_name, change, text) => {
    const cluster = see(withInfo(whole, 3, change));
    expect(found(cluster)).toEqual(['differs replica-not-synced']);
    expect(textOf(cluster, 'replica-not-synced')).toBe(text);
    expect(memberOf(cluster, 'redis-cluster-3')).toMatchObject({ synced: false });
    expect(memberOf(cluster, 'redis-cluster-3')?.behind).toBeUndefined();
  });

  test.each([3_000_000, 4_000_000])(
    'one that is far behind is told in words that stay the same from look to look',
    (offset) => {
      const cluster = see(withInfo(whole, 0, { offset }));
      expect(textOf(cluster, 'replica-not-synced')).toBe('redis-cluster-3 is more than 1 MiB behind redis-cluster-0.');
      expect(memberOf(cluster, 'redis-cluster-3')).toMatchObject({ synced: false, behind: true });
    },
  );

  test('one that has no password for its primary is told why it never comes to it', () => {
    const unlinked = withInfo(whole, 3, { linkUp: false }).map((answer, n) =>
      n === 3 ? ({ ...answer, hasNoLogin: true } as const) : answer,
    );
    const [finding] = see(unlinked).findings;
    expect(finding?.text).toBe(
      'redis-cluster-3 has no link to redis-cluster-0, and has no `masterauth`, though servers here ask for a password.',
    );
    expect(finding?.remedy).toContain('Set `masterauth`');
  });

  test('a distance that a moment of writes explains does not count', () => {
    const cluster = see(withInfo(whole, 0, { offset: 101_000 }));
    expect(found(cluster)).toEqual([]);
    expect(memberOf(cluster, 'redis-cluster-3')?.facts.lag).toBe(100_000);
  });

  test('a replica of a replica is told', () => {
    const chain = answersOf(SIX.map((node) => (node.n === 4 ? { n: 4, of: 3 } : node)));
    expect(found(see(chain))).toEqual(['differs replica-of-replica']);
  });
});

test('a member to which others have no link, and that is not failing, is told', () => {
  const cluster = see(withView(whole, 3, (view) => withLine(view, 1, { connected: false })));
  expect(found(cluster)).toEqual(['differs link-down']);
  expect(textOf(cluster, 'link-down')).toContain('redis-cluster-3 has no link to redis-cluster-1 on the cluster bus');
});

test('a primary without slots is told once every slot has an owner', () => {
  expect(found(see(answersOf([...SIX, { n: 6 }])))).toEqual(['note primary-without-slots']);
});

describe('addresses', () => {
  const moved = whole.map((_, n) => podOf(n, n === 2 ? { ip: '10.9.9.9' } : {}));

  test('an outdated one that nobody has a link to is told, and the pod IP counts', () => {
    const cluster = see(cut(whole), { pods: moved });
    expect(found(cluster)).toEqual(['blocks address-changed']);
    expect(textOf(cluster, 'address-changed')).toContain('at 10.0.0.2:6379, and it is at 10.9.9.9:6379');
    expect(memberOf(cluster, 'redis-cluster-2')?.facts.address).toBe('10.9.9.9:6379@16379');
  });

  test('another one than the pod IP that works is left alone: the cluster is behind NAT', () => {
    const cluster = see(whole, { pods: moved });
    expect(found(cluster)).toEqual([]);
    expect(memberOf(cluster, 'redis-cluster-2')?.facts.address).toBe('10.0.0.2:6379@16379');
  });

  test('servers that were all started a moment ago do not know yet which addresses work', () => {
    const young = whole.map((answer) => ({ ...answer, info: { ...answer.info, uptime: 5 } }));
    expect(found(see(young, { pods: moved }))).toEqual(['blocks address-changed']);
    expect(found(see(young))).toEqual([]);
  });

  test('one that a server is configured to announce is right from the first moment', () => {
    const young = whole.map((answer) => ({ ...answer, info: { ...answer.info, uptime: 5 } }));
    const announcing = young.map((answer, n) => (n === 2 ? { ...answer, announcesIp: true as const } : answer));
    expect(found(see(announcing, { pods: moved }))).toEqual([]);
    const misled = withView(announcing, 3, (view) => withLine(view, 2, { ip: '10.7.7.7', connected: false }));
    expect(textOf(see(misled, { pods: moved }), 'address-changed')).toContain(
      'redis-cluster-3 look for redis-cluster-2 at 10.7.7.7:6379, and it is at 10.0.0.2:6379',
    );
  });

  test('another one than the node itself announces is no sign of NAT', () => {
    const announced = withView(whole, 2, (view) => ({ ...view, me: { ...view.me, ip: '10.9.9.9' } }));
    const unreached = withView(announced, 0, (view) => withLine(view, 2, { connected: false }));
    expect(found(see(unreached, { pods: moved }))).toEqual(['blocks address-changed']);
  });
});

describe('what should be known', () => {
  test.each<[string, number, Parameters<typeof infoOf>[1], string]>([
    ['another version', 0, { version: '8.0.7' }, 'note versions-differ'],
    ['a policy that drops keys', 0, { maxMemory: 1, evictionPolicy: 'allkeys-lru' }, 'note evicting-policy'],
  ])('%s', (_name, n, change, wanted) => {
    expect(found(see(withInfo(whole, n, change)))).toEqual([wanted]);
  });

  test('a policy without a limit of memory drops nothing', () => {
    expect(found(see(withInfo(whole, 0, { evictionPolicy: 'allkeys-lru' })))).toEqual([]);
  });

  test.each([
    ['neither snapshots nor a file', '', false, false, ['note no-persistence']],
    ['a file only', '', true, true, []],
    ['a server that does not tell', null, false, null, []],
  ] as const)('persistence: %s', (_name, savePoints, appendOnly, persistent, wanted) => {
    const cluster = see(
      withInfo(whole, 0, { appendOnly }).map((answer, n) => (n === 0 ? { ...answer, savePoints } : answer)),
    );
    expect(memberOf(cluster, 'redis-cluster-0')?.facts.persistent).toBe(persistent);
    expect(found(cluster)).toEqual(wanted);
  });

  test('a node that was met where no pod is, and never answers', () => {
    const handshake = { ...lineOf({ n: 77 }), handshake: true, connected: false };
    const met = [0, 2].reduce(
      (answers, n) => withView(answers, n, (view) => ({ ...view, others: [...view.others, handshake] })),
      whole,
    );
    const cluster = see(met);
    expect(found(cluster)).toEqual(['note meet-unanswered']);
    expect(textOf(cluster, 'meet-unanswered')).toContain(
      'redis-cluster-0 and redis-cluster-2 have met a node at 10.0.0.77:6379@16379, where no pod of the StatefulSet is,',
    );
  });

  test('two primaries with one config epoch', () => {
    const cluster = see(answersOf(SIX.map((node) => (node.n === 1 ? { ...node, epoch: 1 } : node))));
    expect(found(cluster)).toEqual(['differs epochs-collide']);
  });

  test('an owner of the number of pods, and volumes of pods that are gone', () => {
    const workload = see(whole).workload;
    if (workload === null) throw new Error('no workload');
    const volumes = [5, 6].map((n) => ({ claim: `data-redis-cluster-${n}`, ordinal: n, bound: true, deleting: false }));
    const cluster = see(whole, { workload: { ...workload, owners: ['Argo CD'] }, volumes });
    expect(found(cluster)).toEqual(['note replicas-owned-elsewhere', 'note volume-left-over']);
    expect(textOf(cluster, 'volume-left-over')).toContain('data-redis-cluster-6 is kept');
  });
});
