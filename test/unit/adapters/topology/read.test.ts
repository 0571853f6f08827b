import { describe, expect, test } from '@jest/globals';
import { mistakesIn, SMALL, topologyIn, withLines, withShards } from '../../../support/topology-file.ts';

const EVERY_KEY = `# yaml-language-server: $schema=schema/topology.schema.json
version: 1
name: sessions                    # optional
state: present                    # or absent
kubernetes:
  namespace: cache
  statefulSet: redis-cluster
  container: redis
  port: 6379
  manifests: manifests/
shards: 3                         # or a list: [{weight: 2}, {weight: 1}, {slots: "0-99,200"}]
replicasPerShard: 1
tolerance: 2%
placement:
  spreadBy: [kubernetes.io/hostname, topology.kubernetes.io/zone]
  whenUnsatisfiable: warn         # or fail
volumes:
  onScaleDown: retain
migration:
  method: auto                    # auto, atomic, classic
  maxLatency: 20ms
`;

describe('a topology file that is right', () => {
  test('gets every default filled in', () => {
    expect(topologyIn(SMALL)).toEqual({
      name: 'redis-cluster',
      file: 'topology.yaml',
      state: 'present',
      kubernetes: { namespace: 'default', statefulSet: 'redis-cluster', container: null, port: 6379, manifests: null },
      shards: [1, 2, 3].map(() => ({ kind: 'weight', weight: 1 })),
      replicasPerShard: 1,
      tolerance: 0.02,
      placement: { spreadBy: ['kubernetes.io/hostname'], whenUnsatisfiable: 'warn' },
      volumes: { onScaleDown: 'retain' },
      migration: { method: 'auto', maxLatency: 20 },
    });
  });

  test('keeps what it says, key by key', () => {
    const text = `
version: 1
name: sessions
state: absent
kubernetes: { namespace: cache, statefulSet: redis, container: server, port: 7000, manifests: manifests/ }
shards: [{ weight: 2 }, { weight: 0.5 }, { slots: "0-99,200" }, { slots: 300 }]
replicasPerShard: 2
tolerance: 0.5%
placement: { spreadBy: [topology.kubernetes.io/zone, kubernetes.io/hostname], whenUnsatisfiable: fail }
volumes: { onScaleDown: delete }
migration: { method: classic, maxLatency: 1s }
`;
    expect(topologyIn(text)).toEqual({
      name: 'sessions',
      file: 'topology.yaml',
      state: 'absent',
      kubernetes: {
        namespace: 'cache',
        statefulSet: 'redis',
        container: 'server',
        port: 7000,
        manifests: 'manifests/',
      },
      shards: [
        { kind: 'weight', weight: 2 },
        { kind: 'weight', weight: 0.5 },
        {
          kind: 'slots',
          slots: [
            [0, 99],
            [200, 200],
          ],
        },
        { kind: 'slots', slots: [[300, 300]] },
      ],
      replicasPerShard: 2,
      tolerance: 0.005,
      placement: {
        spreadBy: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'],
        whenUnsatisfiable: 'fail',
      },
      volumes: { onScaleDown: 'delete' },
      migration: { method: 'classic', maxLatency: 1000 },
    });
  });

  test.each([
    ['begins with a byte order mark', `\uFEFF${SMALL}`],
    ['begins with the mark of a document', `---\n${SMALL}`],
    ['ends its lines as Windows does', SMALL.replaceAll('\n', '\r\n')],
    [
      'names a value once and repeats it',
      'version: 1\nkubernetes: {statefulSet: &it redis-cluster}\nname: *it\nshards: 3',
    ],
    ['has comments only between its keys', SMALL.replace('shards', '# how many\nshards')],
  ])('may be one that %s', (_, text) => {
    expect(topologyIn(text).name).toBe('redis-cluster');
  });

  test.each([
    ['with dots', 'sessions.cache.example'],
    ['as long as fits into the name of a Lease', 'a'.repeat(200)],
  ])('may have a name %s', (_, name) => {
    expect(topologyIn(withLines(`name: ${name}`)).name).toBe(name);
    expect(mistakesIn(withLines(`name: ${name}${'a'.repeat(201 - name.length)}`))).toHaveLength(1);
  });

  test('may be the example that shows every key', () => {
    expect(topologyIn(EVERY_KEY)).toEqual({
      name: 'sessions',
      file: 'topology.yaml',
      state: 'present',
      kubernetes: {
        namespace: 'cache',
        statefulSet: 'redis-cluster',
        container: 'redis',
        port: 6379,
        manifests: 'manifests/',
      },
      shards: [1, 2, 3].map(() => ({ kind: 'weight', weight: 1 })),
      replicasPerShard: 1,
      tolerance: 0.02,
      placement: { spreadBy: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'], whenUnsatisfiable: 'warn' },
      volumes: { onScaleDown: 'retain' },
      migration: { method: 'auto', maxLatency: 20 },
    });
  });

  test('says nothing of shards where the cluster is to be absent', () => {
    expect(topologyIn('version: 1\nstate: absent\nkubernetes: {statefulSet: a}').state).toBe('absent');
  });

  test('may repeat one weight by aliases for every shard that a cluster can have', () => {
    const more = '  - *one\n'.repeat(499);
    expect(topologyIn(withShards(`  - &one {weight: 1}\n${more}`)).shards).toHaveLength(500);
  });

  test.each([
    ['2%', 0.02],
    ['0%', 0],
    ['12.5%', 0.125],
    ['0', 0],
    ['0.05', 0.05],
  ])('a tolerance of %s is %d', (text, tolerance) => {
    expect(topologyIn(withLines(`tolerance: ${text}`)).tolerance).toBe(tolerance);
  });

  test.each([
    ['1ms', 1],
    ['20ms', 20],
    ['60000ms', 60_000],
    ['1s', 1000],
    ['60s', 60_000],
  ])('a latency of %s is %d milliseconds', (text, milliseconds) => {
    expect(topologyIn(withLines(`migration: {maxLatency: ${text}}`)).migration.maxLatency).toBe(milliseconds);
  });
});
