import { describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import { type Certificates, newCertificates } from '../support/certificates.ts';
import { differences } from '../support/dataset.ts';
import { rightsOf } from '../support/readme-users.ts';
import { type FoundCluster, type FoundShape, found } from './support/found-cluster.ts';

const SHAPES: readonly (readonly [name: string, purpose: string, FoundShape])[] = [
  [
    'as the chart makes it, with a password, a probe that passes only in a whole cluster, an exporter, an init container, OnDelete and a disruption budget, with a slot that is lost before it grows, through port-forward, and directly as it grows',
    'chart',
    {
      file: 'chart.yaml',
      statefulSet: 'x-redis-cluster',
      port: 6379,
      shards: [3, 4],
      replicas: 1,
      password: 'the-password-of-the-chart',
      loses: '0',
      inputs: { connect: 'port-forward', allow: 'assign-lost-slots' },
      grows: { connect: 'direct' },
    },
  ],
  [
    'with host names as endpoints, port 7000, ordinals from 5, a partition and no volumes, directly, and through port-forward as it grows',
    'named',
    {
      file: 'named.yaml',
      statefulSet: 'named',
      port: 7_000,
      shards: [3, 4],
      replicas: 0,
      inputs: { connect: 'direct' },
      grows: { connect: 'port-forward' },
    },
  ],
  [
    'on the network of Kubernetes nodes, one on each, directly',
    'host-spread',
    {
      file: 'host-spread.yaml',
      statefulSet: 'host-spread',
      port: 7_380,
      shards: [2, 3],
      replicas: 0,
      inputs: { connect: 'direct' },
    },
  ],
];

describe('a StatefulSet on redis:7.0 that something else has made', () => {
  test.concurrent.each(SHAPES)(
    '%s: becomes a cluster, grows, shrinks, and keeps its keys',
    async (_name, purpose, shape) => {
      await using cluster = await found(purpose, shape);
      const [few, more] = shape.shards;
      await applies(cluster, few);
      await cluster.load();
      const before = await cluster.keys();

      if (shape.loses !== undefined) await cluster.tellAll('CLUSTER', 'DELSLOTS', shape.loses);
      const planned = await cluster.run('plan', more);
      expect(planned.outputs).toMatchObject({ result: 'planned', changed: 'false' });
      // Who will set the number of pods back at the next upgrade.
      expect(planned.outputs['plan']?.includes('Helm (meta.helm.sh/release-name: x)')).toBe(purpose === 'chart');
      await applies(cluster, more, shape.grows);
      expect(slotOwners(await cluster.look())).toHaveLength(more);
      expect(differences(before, await cluster.keys())).toEqual([]);
      const again = await cluster.run('plan', more);
      expect(again.outputs).toMatchObject({ result: 'no-changes', drift: 'false' });

      await applies(cluster, few);
      const { pods } = await cluster.look();
      const first = purpose === 'named' ? 5 : 0;
      expect(pods.map(({ ordinal }) => ordinal)).toEqual(
        Array.from({ length: few * (1 + shape.replicas) }, (_, i) => first + i),
      );
      expect(differences(before, await cluster.keys())).toEqual([]);
    },
  );

  test.concurrent('with TLS alone, client certificates and users of the least rights: lives by port-forward and directly; a password that changes is refused in words, and with the new one it goes on', async () => {
    await using tls = await newCertificates();
    await using cluster = await found('secured', secured(tls, 'all'));
    await applies(cluster, 2);
    await cluster.load();
    const before = await cluster.keys();
    const planned = await cluster.run('plan', 3, as('topology-plan', 'the-password-to-plan'));
    expect(planned.outputs).toMatchObject({ result: 'planned', changed: 'false' });
    await applies(cluster, 3, { connect: 'direct' });
    const { members } = await cluster.look();
    expect(members.filter(({ role, synced }) => role === 'replica' && synced)).toHaveLength(3);
    expect(differences(before, await cluster.keys())).toEqual([]);

    const next = await cluster.run('plan', 2);
    expect(next.outputs).toMatchObject({ result: 'planned', changed: 'false' });
    const change = (password: string) =>
      cluster.tellAll('ACL', 'SETUSER', 'topology-apply', 'resetpass', `>${password}`);
    await change('the-second-password');
    const early = await cluster.run('apply', 2);
    expect(early.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'redis-auth', changed: 'false' });
    const changing: Promise<boolean>[] = [];
    const midway = await cluster.run('apply', 2, as('topology-apply', 'the-second-password'), (line, run) => {
      if (changing.length > 0 || !/^::group::\d+\. Move /.test(line)) return;
      // The run stands still meanwhile.
      run.kill('SIGSTOP');
      changing.push(change('the-third-password').then(() => run.kill('SIGCONT')));
    });
    expect(await Promise.all(changing)).toEqual([true]);
    expect(midway.outputs).toMatchObject({ result: 'failed', 'failure-reason': 'redis-auth' });
    for (const { log } of [early, midway]) expect(log).toContain('`redis-password`');
    const { findings } = await cluster.look();
    expect(findings.filter(({ weight }) => weight === 'blocks')).toEqual([]);

    await applies(cluster, 2, as('topology-apply', 'the-third-password'));
    expect((await cluster.look()).pods).toHaveLength(4);
    expect(differences(before, await cluster.keys())).toEqual([]);
  });

  test.concurrent('with TLS for clients alone, and none among servers: becomes a cluster, grows, and keeps its keys', async () => {
    await using tls = await newCertificates();
    await using cluster = await found('half-secured', secured(tls, 'clients'));
    await applies(cluster, 2);
    await cluster.load();
    const before = await cluster.keys();
    await applies(cluster, 3, { connect: 'direct' });
    expect(slotOwners(await cluster.look())).toHaveLength(3);
    expect(differences(before, await cluster.keys())).toEqual([]);
  });

  test.concurrent('on the network of one Kubernetes node: is refused before anything was joined, and said why', async () => {
    const shape = { file: 'host-network.yaml', statefulSet: 'host-network', port: 7_370, replicas: 0, inputs: {} };
    await using cluster = await found('host-network', { ...shape, shards: [2, 3] });
    const refused = await cluster.run('apply', 2);
    const { result, changed, 'failure-reason': reason } = refused.outputs;
    // With the log, which tells why where it is otherwise.
    expect([result, changed, reason, refused.log]).toEqual([
      'refused',
      'false',
      'cluster-unhealthy',
      expect.stringMatching(/host-network-0 and host-network-1 have the IP .* \(hostNetwork\)/),
    ]);
  });
});

async function applies(cluster: FoundCluster, shards: number, more: FoundShape['inputs'] = {}): Promise<void> {
  const { outputs, exitCode, log } = await cluster.run('apply', shards, more);
  expect([outputs['result'], exitCode === 0 ? '' : log]).toEqual(['applied', '']);
}

/** Made and shrunk by port-forward; its rights are those of the docs. */
function secured({ client, server }: Certificates, who: 'all' | 'clients'): FoundShape {
  const rights = ['topology-plan', 'topology-apply', 'replication'].map((user) => [user, rightsOf(user)]);
  return {
    file: 'secured.yaml',
    statefulSet: 'secured',
    port: 6_379,
    shards: [2, 3],
    replicas: 1,
    eyes: { credentials: { username: 'test', password: 'the-password-of-the-test' }, tls: client },
    fill: {
      ...server,
      ...Object.fromEntries(rights),
      'plain-port': who === 'all' ? '0' : '6380',
      'among-servers': who === 'all' ? 'yes' : 'no',
    },
    inputs: {
      connect: 'port-forward',
      ...as('topology-apply', 'the-password-to-apply'),
      'redis-tls': 'true',
      'redis-ca': client.ca ?? '',
      'redis-cert': client.cert ?? '',
      'redis-key': client.key ?? '',
      'redis-server-name': client.serverName ?? '',
    },
  };
}

function as(user: string, password: string): FoundShape['inputs'] {
  return { 'redis-username': user, 'redis-password': password };
}
