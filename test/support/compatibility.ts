import { DATA_ROWS } from './compatibility-data.ts';
import { each, type Row } from './compatibility-row.ts';

const WAYS = 'test/servers/reach/ways-in.test.ts';
const VERSIONS = 'test/servers/reach/versions.test.ts';
const UPDATES = 'test/servers/reach/updates.test.ts';
const CHOOSE = 'test/servers/migration/choose.test.ts';
const NO_TLS = { 'redis-6.2': 'built without TLS here' };

const MESH = 'test/servers/reach/mesh.test.ts';
const REACH = 'test/e2e/reach.test.ts';
const SECURED =
  'with TLS alone, client certificates and users of the least rights: lives by port-forward and directly; a password that changes is refused in words, and with the new one it goes on';
const GROWS = '%s: becomes a cluster, grows, shrinks, and keeps its keys';

/** docs/compatibility.md is made of these. */
export const AREAS: readonly (readonly [area: string, rows: readonly Row[]])[] = [
  [
    'Servers',
    [
      each(
        'create, grow, more replicas, shrink under traffic',
        'test/servers/life-cycle.test.ts',
        'create, grow, more replicas, shrink: clients notice nothing and no key is lost',
      ),
      each(
        'from create to clean up on Kubernetes',
        'test/e2e/life-cycle.test.ts',
        'from create to clean up under traffic',
        {
          on: 'images',
        },
      ),
      each('an update half done: grow', UPDATES, 'a cluster grows', { on: 'pairs' }),
      each(
        'an update half done and going on, on Kubernetes (a partition): grow, shrink',
        'test/e2e/updated.test.ts',
        'from redis:7.0 to %s, held by a partition: it grows under traffic; what older servers cannot read stays where it is, and is said; while the update goes on it shrinks',
        {
          on: 'images',
          end: 'works; `migration-failed` where the older servers cannot read the keys of newer ones, no key lost, and works when the update goes on',
        },
      ),
      each(
        'an update half done: slots back to older servers',
        UPDATES,
        'a cluster that shrinks loses nothing, or stops in words before a key is lost',
        {
          on: 'pairs',
          end: 'works where the older server reads what the newer writes, else `migration-failed`, no key lost',
        },
      ),
      each(
        'an update half done: the faster way between new ones',
        CHOOSE,
        'under traffic: key by key where one of the two is old, as a whole between the new ones',
        { on: 'pairs' },
      ),
      each('CONFIG renamed', VERSIONS, 'a cluster without %s grows and shrinks', { cases: "'CONFIG'" }),
      each(
        'CONFIG, COMMAND, DEBUG, FLUSHALL, FLUSHDB, KEYS, MEMORY, FUNCTION renamed at once',
        VERSIONS,
        'a cluster without %s grows and shrinks',
        { cases: 'FLUSHDB' },
      ),
      each('RESTORE renamed', VERSIONS, 'a cluster without %s grows and shrinks', {
        cases: 'RESTORE',
        end: 'works; slots go key by key on Redis, which would lose keys otherwise',
      }),
      each('CLUSTER or INFO renamed', VERSIONS, 'where %s is renamed, that is said in words', {
        end: '`redis-error`, naming `rename-command`',
      }),
      each(
        'odd answers to ACL, CLUSTER SLOT-STATS, COMMAND, CONFIG, DBSIZE, EVAL, FUNCTION, MEMORY, MULTI, or none of them known, as of a fork',
        VERSIONS,
        'what is optional may be answered oddly, or be unknown: slots move all the same; what is not is named',
      ),
      each(
        'MIGRATE renamed',
        VERSIONS,
        'where a command is renamed without which no slot moves, that is said before any slot has moved',
        { end: '`migration-failed`, no slot moved' },
      ),
      each(
        'a server that does not tell what it can',
        CHOOSE,
        'that does not tell what it can moves slots key by key, and says why',
        {
          end: 'works key by key, said in the log',
        },
      ),
      each('RESP2 only: it is all that is spoken', 'test/servers/connect.test.ts', 'replies keep the form of RESP2'),
    ],
  ],
  [
    'Ways in',
    [
      each('no password', WAYS, 'with %s: directly and through a stream', { cases: 'no password' }),
      each('`requirepass` and `masterauth`', WAYS, 'with %s: directly and through a stream', {
        cases: 'requirepass and masterauth',
      }),
      each('a user by name, `default` off', WAYS, 'with %s: directly and through a stream', {
        cases: 'a user by name',
      }),
      each(
        'a user with the least rights (README)',
        'test/servers/acl.test.ts',
        'the one to apply with makes a cluster grow and shrink',
      ),
      each('a wrong password or user', 'test/servers/connect.test.ts', '%s is refused in words', {
        cases: 'a wrong password',
        end: '`redis-auth`',
      }),
      each(
        'a password that changes during apply',
        WAYS,
        'with the password of before, which was changed during apply: refused in words, and with the new one it goes on',
        { end: '`redis-auth`; with the new one the next apply goes on' },
      ),
      each(
        'TLS alone on client port, bus and replication, mutual, own CA, server name, with a password',
        WAYS,
        'with mutual TLS by an own authority and a server name, on the client port, on the bus and for replication',
        { without: NO_TLS },
      ),
      each(
        'TLS among servers, on a port beside the one that is used here',
        WAYS,
        'without TLS, on a port beside that which servers use among themselves',
        { without: NO_TLS },
      ),
      each(
        'TLS for clients alone, with a plain bus and replication',
        WAYS,
        'with TLS, where servers speak without it among themselves, on a port beside',
        { without: NO_TLS },
      ),
      each('TLS asked of servers without', WAYS, 'with TLS where it has none: refused in words', {
        end: '`redis-unreachable`, naming `redis-tls`',
      }),
      each(
        'TLS with a wrong name or authority',
        WAYS,
        'with TLS and a wrong name or authority: refused in words that name the input',
        {
          end: '`redis-unreachable`, naming `redis-server-name` or `redis-ca`',
          without: NO_TLS,
        },
      ),
      each('no TLS where servers want it', WAYS, 'without TLS where it listens with TLS only: refused in words', {
        end: '`redis-unreachable`, naming `redis-tls`',
        without: NO_TLS,
      }),
      ...[
        'TLS alone, mutual, own CA, server name, on Kubernetes, by port-forward and directly',
        'users with the least rights (README) to plan, to apply and for replicas, `default` off, likewise',
      ].map((what) => each(what, REACH, SECURED, { on: 'images' })),
      each('a password that changes between plan and apply, and during apply, likewise', REACH, SECURED, {
        on: 'images',
        end: '`redis-auth`; with the new one the next apply goes on',
      }),
      each(
        'TLS for clients alone, likewise',
        REACH,
        'with TLS for clients alone, and none among servers: becomes a cluster, grows, and keeps its keys',
        { on: 'images' },
      ),
      each('port-forward and direct, as chosen', 'test/kubernetes/tunnel.test.ts', 'a server is reached', {
        on: 'none',
      }),
    ],
  ],
  [
    'StatefulSets',
    [
      each(
        "the runbook's public manifest of 2019 (with redis:7.0), this repository's (with valkey/valkey:9.1)",
        'test/e2e/life-cycle.test.ts',
        'from create to clean up under traffic',
        { on: 'images' },
      ),
      ...[
        "the chart's layout: names, labels, `REDIS_PASSWORD`, start script, readiness probe, Parallel",
        'a sidecar before the server, an init container',
        'update strategy OnDelete, a PodDisruptionBudget',
        'a password, by port-forward and directly',
      ].map((what) =>
        each(what, REACH, GROWS, {
          cases: 'as the chart makes it',
          on: 'images',
        }),
      ),
      each('more shards and a lost slot in one plan, where that probe keeps new pods from being ready', REACH, GROWS, {
        cases: 'as the chart makes it',
        on: 'images',
        end: 'works, with `allow: assign-lost-slots`',
      }),
      ...[
        '`cluster-announce-hostname`, `cluster-preferred-endpoint-type hostname`',
        'a port that is not 6379',
        '`ordinals.start`, a partition: grow and shrink',
        'pods without a volume',
      ].map((what) =>
        each(what, REACH, GROWS, {
          cases: 'with host names as endpoints',
          on: 'images',
        }),
      ),
      each("pods on the host's network, one a Kubernetes node", REACH, GROWS, {
        cases: 'on the network of Kubernetes nodes, one on each',
        on: 'images',
      }),
      each(
        "pods on the host's network, several a Kubernetes node",
        REACH,
        'on the network of one Kubernetes node: is refused before anything was joined, and said why',
        { on: 'images', end: '`cluster-unhealthy`, naming the pods and their IP' },
      ),
      each(
        "a service mesh's proxies between pods that announce their IP (`cluster-announce-ip`)",
        MESH,
        'that announce the IP of their pod are made a cluster, grow and shrink, and keep every key',
      ),
      each(
        'the same where they do not',
        MESH,
        'that do not announce it cannot be joined, and are told why and what to set',
        { end: '`timeout`, naming the mesh and the setting' },
      ),
      each(
        'Argo CD, Flux, Helm, KEDA set `replicas` too',
        'test/unit/adapters/kubernetes/owner.test.ts',
        'what to add so that %s leaves the number of pods alone',
        { on: 'none', end: 'works; the plan says who, and what to add there' },
      ),
      each(
        'an operator owns the StatefulSet',
        'test/unit/adapters/kubernetes/owner.test.ts',
        'an operator whose object the StatefulSet is made of is told',
        { on: 'none', end: 'works; the plan says whose it is, and that only one can run it' },
      ),
      each(
        'an autoscaler sets `replicas` too',
        'test/unit/adapters/kubernetes/owner.test.ts',
        'an autoscaler has to go',
        {
          on: 'none',
          end: 'works; the plan says who, and that it has to go',
        },
      ),
    ],
  ],
  [
    'Zones, size, and a terminal',
    [
      each(
        'zones that are uneven, a zone that is gone, fewer zones than pods of a shard',
        'test/servers/reach/zones.test.ts',
        'in zones that go, come and are uneven shards stay spread as far as they can be: no slot moves, every key is kept',
        { on: 'none', end: 'works; what cannot be spread is told, or refused with `whenUnsatisfiable: fail`' },
      ),
      each(
        'on Kubernetes: uneven zones, a zone that is gone',
        'test/e2e/placement.test.ts',
        'in uneven zones as many shards as can be are spread, with no slot moved; where a zone is gone that is told, or refused',
        { on: 'images', end: 'likewise' },
      ),
      each(
        '1,000 pods, simulated: looked at, planned for, shown',
        'test/unit/report/thousand-pods.test.ts',
        '1,000 pods are looked at over one connection each, planned for, and shown in a comment that GitHub takes',
        { on: 'none' },
      ),
      each(
        'the program for a terminal, installed as `npx` does, without a network',
        'test/action/package.test.ts',
        'goes as far as Kubernetes',
        { on: 'none' },
      ),
    ],
  ],
  ['Data and settings, while slots move', DATA_ROWS],
];
