/** What people have, how it ends here, and the test that says so. docs/compatibility.md is made of these. */
export interface Row {
  readonly what: string;
  /** `works`, or in which words it is refused or stops. */
  readonly end: string;
  readonly file: string;
  /** The title as it stands in the file. */
  readonly title: string;
  /** Of a table of cases: words of the one that is meant, as they stand in the file. */
  readonly cases?: string;
  /** Servers that cannot have it, and why. */
  readonly without?: Readonly<Record<string, string>>;
  /** Servers: each that there is, pairs of them, or none. Kubernetes: the images that tests have. */
  readonly on: 'servers' | 'pairs' | 'images' | 'none';
}

const WAYS = 'test/servers/reach/ways-in.test.ts';
const DATA = 'test/servers/reach/data.test.ts';
const VERSIONS = 'test/servers/reach/versions.test.ts';
const CHOOSE = 'test/servers/migration/choose.test.ts';
const TO_AND_FRO =
  'ten times, by every way there is, keep all of every key, on primaries, on replicas and after a restart of all';

const each = (what: string, file: string, title: string, more: Partial<Row> = {}): Row => {
  return { what, end: 'works', file, title, on: 'servers', ...more };
};

/** Hashes whose fields expire: these servers know none. */
const NO_FIELD_EXPIRY = Object.fromEntries(['redis-6.2', 'redis-7.0', 'valkey-8.1'].map((name) => [name, 'has none']));
const NO_TLS = { 'redis-6.2': 'built without TLS here' };
const NO_DATABASES = Object.fromEntries(
  ['redis-6.2', 'redis-7.0', 'redis-8.0', 'redis-8.6', 'valkey-8.1'].map((name) => [name, 'has one only']),
);

const GROWS = '%s: becomes a cluster, grows, shrinks, and keeps its keys';
const SETTINGS = 'a cluster with %s %s grows and shrinks, with functions, and keeps every key';
const setting = (name: string): Row =>
  each(`\`${name}\``, DATA, SETTINGS, {
    cases: name.split(' ')[0] ?? name,
  });
const kept = (what: string, more: Partial<Row> = {}): Row =>
  each(what, 'test/servers/migration/consistency.test.ts', TO_AND_FRO, more);

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
      each('an update half done: grow', VERSIONS, 'a cluster grows', { on: 'pairs' }),
      each(
        'an update half done: slots back to older servers',
        VERSIONS,
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
        'odd answers to CONFIG, COMMAND, MEMORY, as of a fork',
        VERSIONS,
        'odd answers to what is optional (CONFIG, COMMAND, MEMORY) do no harm while slots move',
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
        'port-forward with a password',
      ].map((what) =>
        each(what, 'test/e2e/reach.test.ts', GROWS, {
          cases: 'as the chart makes it',
          on: 'images',
        }),
      ),
      ...[
        '`cluster-announce-hostname`, `cluster-preferred-endpoint-type hostname`',
        'a port that is not 6379',
        '`ordinals.start`, a partition: grow and shrink',
        'pods without a volume',
      ].map((what) =>
        each(what, 'test/e2e/reach.test.ts', GROWS, {
          cases: 'with host names as endpoints',
          on: 'images',
        }),
      ),
      each("pods on the host's network, one a Kubernetes node", 'test/e2e/reach.test.ts', GROWS, {
        cases: 'on the network of Kubernetes nodes, one on each',
        on: 'images',
      }),
      each(
        "pods on the host's network, several a Kubernetes node",
        'test/e2e/reach.test.ts',
        'on the network of one Kubernetes node: is refused before anything was joined, and said why',
        { on: 'images', end: '`cluster-unhealthy`, naming the pods and their IP' },
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
    'Data and settings, while slots move',
    [
      each(
        'several databases',
        'test/servers/migration/databases.test.ts',
        'keys of every database move with their slot: %s',
        {
          without: NO_DATABASES,
        },
      ),
      each('functions: called at every owner after each change', DATA, SETTINGS, {
        without: { 'redis-6.2': 'has none' },
      }),
      each(
        'shares that change, slots pinned and free again',
        'test/servers/reach/shares.test.ts',
        'slots are pinned to a shard, shares change, and the slots are free again: every key is kept',
        {
          on: 'none',
        },
      ),
      each('scripts', DATA, 'scripts stay where they were loaded, and a script by its text runs at the new owner', {
        end: 'are not moved: clients load them again (NOSCRIPT)',
      }),
      kept('streams with consumer groups'),
      kept('expiry in milliseconds', {
        end: 'works; MIGRATE adds the time of the way; Redis 6.2 counts it anew when it restarts from its append-only file',
      }),
      kept("expiry of a hash's fields", { without: NO_FIELD_EXPIRY }),
      each('keyspace notifications', DATA, 'who is told of events hears of a key at its new owner: %s'),
      each('client-side caching', DATA, 'who caches a key is told when it leaves: %s'),
      each('a key of 100 MB', DATA, 'a key of 100 MB moves: %s'),
      each(
        'a key above `proto-max-bulk-len`',
        'test/servers/migration/classic-errors.test.ts',
        'a key that is larger than the receiver takes is named, and stays where it is',
        { end: '`migration-failed`, naming the slot and the size' },
      ),
      each('an empty cluster', DATA, 'an empty cluster grows and shrinks'),
      each(
        'near `maxmemory`: grow',
        DATA,
        'a cluster near maxmemory grows; to shrink is refused before the first change',
      ),
      each(
        'near `maxmemory`: shrink',
        DATA,
        'a cluster near maxmemory grows; to shrink is refused before the first change',
        {
          end: '`not-enough-memory`',
        },
      ),
      ...['cluster-require-full-coverage no', 'cluster-allow-replica-migration no', 'appendonly no'].map(setting),
      setting('min-replicas-to-write 1'),
    ],
  ],
];

export const HEAD = ['what', 'ends', 'seen on', 'test'] as const;

/** The cells of a row in docs/compatibility.md, the third of which is what was recorded. */
export function cellsOf(row: Row, seen: string): readonly string[] {
  return [row.what, row.end, seen, `\`${row.file}\``];
}

/** The cells of all rows of the page's tables, without their heads. */
export function rowsOfPage(page: string): readonly (readonly string[])[] {
  const lines = page.split('\n').filter((line) => line.startsWith('| '));
  const rows = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return rows.filter(([first = '']) => first !== HEAD[0] && !/^-+$/.test(first));
}
