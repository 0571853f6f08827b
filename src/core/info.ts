import type { Role } from './cluster.ts';
import { unexpected } from './replies.ts';

/** What this program reads of a server's INFO. */
export interface ServerInfo {
  readonly software: 'redis' | 'valkey';
  readonly version: string;
  /** Seconds since the process was started. */
  readonly uptime: number;
  readonly clusterMode: boolean;
  /** Still reading its data from disk: it answers INFO and little else. */
  readonly loading: boolean;
  readonly keys: number;
  /** Bytes. */
  readonly memory: number;
  readonly dataset: number;
  /** Bytes; 0: no limit. */
  readonly maxMemory: number;
  readonly evictionPolicy: string;
  /** Bytes of `memory` that do not count against the limit, such as buffers of replicas. */
  readonly uncounted: number;
  readonly appendOnly: boolean;
  /** The last write to its append-only file failed, and it has one. */
  readonly appendFailed: boolean;
  /** The last snapshot failed. */
  readonly saveFailed: boolean;
  /** Replicas in step, as it counts them each second; null where it needs none to take writes. */
  readonly goodReplicas: number | null;
  readonly role: Role;
  /** A replica's link to its primary; true for primaries. */
  readonly linkUp: boolean;
  /** Where a replica looks for its primary, as host:port; null for primaries. */
  readonly primaryAddress: string | null;
  /** A replica that copies everything from its primary at this moment. */
  readonly copying: boolean;
  /** Where the node stands in the replication stream, in bytes. */
  readonly offset: number;
  /** The modules that are loaded, as `name version`. */
  readonly modules: readonly string[];
  /** Function libraries; 0 for servers that have none. */
  readonly libraries: number;
}

/**
 * Fields by name. Lines of another form are passed over: forks and modules print some, and a field that is needed and not there is told
 * where it is read.
 */
export function parseFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf(':');
    if (at < 1 || line.startsWith('#')) continue;
    fields.set(line.slice(0, at), line.slice(at + 1));
  }
  return fields;
}

/** @param what names the command and the pod, for the Failure `redis-error` when a field is missing or not of its form */
export function parseInfo(text: string, what: string): ServerInfo {
  const fields = parseFields(text);
  const whole = (name: string): number => wholeOf(fields, name, what);
  const isReplica = fields.get('role') === 'slave' || fields.get('role') === 'replica';
  const isValkey = fields.get('server_name') === 'valkey' || fields.has('valkey_version');
  const version = (isValkey ? fields.get('valkey_version') : undefined) ?? fields.get('redis_version');
  if (version === undefined) throw unexpected(what, 'a field redis_version', text.slice(0, 80));
  return {
    software: isValkey ? 'valkey' : 'redis',
    version,
    uptime: whole('uptime_in_seconds'),
    clusterMode: whole('cluster_enabled') === 1,
    loading: fields.get('loading') === '1',
    keys: keysOf(fields, what),
    memory: whole('used_memory'),
    dataset: datasetOf(whole('used_memory_dataset'), whole('used_memory')),
    maxMemory: whole('maxmemory'),
    evictionPolicy: fields.get('maxmemory_policy') ?? 'noeviction',
    uncounted: Number(fields.get('mem_not_counted_for_evict') ?? 0),
    appendOnly: fields.get('aof_enabled') === '1',
    appendFailed: fields.get('aof_enabled') === '1' && fields.get('aof_last_write_status') === 'err',
    saveFailed: fields.get('rdb_last_bgsave_status') === 'err',
    // Printed only where both `min-replicas-to-write` and `min-replicas-max-lag` are set, without which it asks for none.
    goodReplicas: fields.has('min_slaves_good_slaves') ? whole('min_slaves_good_slaves') : null,
    role: isReplica ? 'replica' : 'primary',
    linkUp: !isReplica || fields.get('master_link_status') === 'up',
    primaryAddress: isReplica ? `${fields.get('master_host') ?? ''}:${fields.get('master_port') ?? ''}` : null,
    copying: isReplica && fields.get('master_sync_in_progress') === '1',
    // A replica's own master_repl_offset may run behind what it has applied: slave_repl_offset is its place (replication.c).
    offset: isReplica ? whole('slave_repl_offset') : whole('master_repl_offset'),
    // A line for each: they are no fields.
    modules: [...text.matchAll(/^module:name=([^,\r\n]+)(?:,ver=(\d+))?/gm)]
      .filter(([, name]) => name !== BUILT_IN)
      .map(([, name = '', ver = '?']) => `${name} ${ver}`)
      .toSorted(),
    libraries: Number(fields.get('number_of_libraries') ?? 0),
  };
}

/** What runs scripts in Valkey from 9.1 on: a server before it does that too, without a module, and no key is of its making. */
const BUILT_IN = 'lua';

/** Of a nearly empty server the estimated overhead exceeds what is used, and the unsigned difference wraps (seen on 8.0). */
function datasetOf(dataset: number, memory: number): number {
  return dataset > memory ? 0 : dataset;
}

/** Keys of all databases: `db0:keys=12,expires=0,…` */
function keysOf(fields: ReadonlyMap<string, string>, what: string): number {
  let keys = 0;
  for (const [name, value] of fields) {
    if (!/^db\d+$/.test(name)) continue;
    const match = /(?:^|,)keys=(\d{1,15})(?:,|$)/.exec(value);
    if (match === null) throw unexpected(what, 'a number of keys', `${name}:${value}`);
    keys += Number(match[1]);
  }
  return keys;
}

function wholeOf(fields: ReadonlyMap<string, string>, name: string, what: string): number {
  const value = fields.get(name);
  if (value === undefined || !/^-?\d{1,20}$/.test(value)) {
    throw unexpected(what, `a whole number as ${name}`, value ?? null);
  }
  return Number(value);
}

/** How far a primary is in what it sends to its replicas, in bytes, and how far those that follow say that they have come. */
export interface Replication {
  readonly offset: number;
  readonly replicas: readonly number[];
}

/**
 * Reads `slave0:ip=10.0.0.7,port=6379,state=online,offset=1234,lag=0`. A replica that still copies everything is none that follows.
 * @param what as for `parseInfo`
 */
export function parseReplication(text: string, what: string): Replication {
  const fields = parseFields(text);
  const replicas: number[] = [];
  for (const [name, value] of fields) {
    const offset = /^slave\d+$/.test(name) ? /,state=online,offset=(\d+)/.exec(value)?.[1] : undefined;
    if (offset !== undefined) replicas.push(Number(offset));
  }
  return { offset: wholeOf(fields, 'master_repl_offset', what), replicas };
}
