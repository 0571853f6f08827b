import { each, type Row } from './compatibility-row.ts';

const DATA = 'test/servers/reach/data.test.ts';
const ON_KUBERNETES = 'test/e2e/data.test.ts';
const MODULES = 'test/servers/reach/modules.test.ts';
const TO_AND_FRO =
  'ten times, by every way there is, keep all of every key, on primaries, on replicas and after a restart of all';

/** Hashes whose fields expire: these servers know none. */
const NO_FIELD_EXPIRY = Object.fromEntries(['redis-6.2', 'redis-7.0', 'valkey-8.1'].map((name) => [name, 'has none']));
const NO_DATABASES = Object.fromEntries(
  ['redis-6.2', 'redis-7.0', 'redis-8.0', 'redis-8.6', 'valkey-8.1'].map((name) => [name, 'has one only']),
);

const SETTINGS = 'a cluster with %s %s grows and shrinks, with functions, and keeps every key';
const setting = (name: string): Row =>
  each(`\`${name}\``, DATA, SETTINGS, {
    cases: name.split(' ')[0] ?? name,
  });
const kept = (what: string, more: Partial<Row> = {}): Row =>
  each(what, 'test/servers/migration/consistency.test.ts', TO_AND_FRO, more);

/** What is in clusters, and how these are set up, while slots move. */
export const DATA_ROWS: readonly Row[] = [
  each(
    'several databases',
    'test/servers/migration/databases.test.ts',
    'keys of every database move with their slot, and what clients write meanwhile: %s',
    {
      without: NO_DATABASES,
      end: 'works, key by key: a move as a whole puts writes of clients into the wrong database (seen on Valkey 9.1)',
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
  each(
    'keys of modules',
    MODULES,
    'keys of a module move with their slots, as a whole where both sides have the same version of it',
    {
      end: 'works; as a whole where both have the same version, and on Valkey where the module declares that it can',
    },
  ),
  each(
    'keys of a module that the receiver lacks',
    MODULES,
    'where the receiver lacks the module, the plan says so, nothing is lost, and with it the move goes on',
    { end: 'the plan warns; `migration-failed` at the first such key, no key lost' },
  ),
  each(
    'on Kubernetes: keys of modules, and new pods that lack the module',
    'test/e2e/modules.test.ts',
    'on %s: move under traffic as the cluster grows and shrinks; new pods without the module get none of them, which is said, and with it the next apply goes on',
    {
      on: 'images',
      end: 'works; `migration-failed` at the first key of a module that the receiver lacks, no key lost',
    },
  ),
  each('an empty cluster', DATA, 'an empty cluster grows and shrinks'),
  each(
    'on Kubernetes: streams, expiries, functions, scripts, notifications, caching, a key of 100 MB, near `maxmemory`, these settings',
    ON_KUBERNETES,
    'on %s: all is kept, and clients go on, as they grow near maxmemory with slots pinned and shrink with a key of 100 MB',
    { on: 'images' },
  ),
  each(
    'on Kubernetes: several databases',
    ON_KUBERNETES,
    'on %s: keys of two databases are kept, and what clients write, as it grows and shrinks',
    { on: 'images', end: 'works, key by key' },
  ),
  each('on Kubernetes: an empty cluster', ON_KUBERNETES, 'on %s: a cluster that holds nothing grows and shrinks', {
    on: 'images',
  }),
  each('near `maxmemory`: grow', DATA, 'a cluster near maxmemory grows; to shrink is refused before the first change'),
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
  each(
    '`min-replicas-to-write` above `replicasPerShard`',
    'test/servers/observe.test.ts',
    'a primary that takes no writes is told, and as few replicas as that are refused',
    { end: '`too-few-replicas`' },
  ),
];
