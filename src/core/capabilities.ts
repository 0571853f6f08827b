import { isList, type Reply } from './replies.ts';

/**
 * The command by which a server moves slots as a whole: Valkey ≥ 9 has CLUSTER MIGRATESLOTS, sent to the donor, Redis ≥ 8.4
 * has CLUSTER MIGRATION, sent to the receiver. Neither understands the other.
 */
export type AtomicCommand = 'MIGRATESLOTS' | 'MIGRATION';

/** What a server can do that not every version can, as the server itself says. */
export interface Capabilities {
  /** Null: it moves slots key by key only. */
  readonly atomic: AtomicCommand | null;
  /** CLUSTER SLOT-STATS: keys of many slots in one answer. */
  readonly slotStats: boolean;
  /** Commands that it does not know of those by which Redis sends slots as a whole; left out where it knows all, or is not asked. */
  readonly lacks?: readonly string[];
}

/** Asked of every server; names that it does not know are null in its answer. Versions tell less: forks count their own. */
export const CAPABILITY_QUESTION = [
  'COMMAND',
  'INFO',
  'cluster|migrateslots',
  'cluster|migration',
  'cluster|slot-stats',
] as const;

/**
 * Commands that a donor sends in a CLUSTER MIGRATION: of the snapshot (slotSnapshotSaveRio of cluster_asm.c, which writes as an
 * append-only file is rewritten), and those by which the commands of clients meanwhile are passed on.
 */
const SENT_BY_MIGRATION = `
  restore function|restore select multi exec del unlink pexpireat persist set
  rpush lpush lpop rpop lmove sadd srem zadd zrem hset hmset hsetex hdel hpexpireat hpersist
  xadd xsetid xgroup|create xgroup|createconsumer xclaim xdel xtrim`
  .trim()
  .split(/\s+/);

/** Asked of servers that know CLUSTER MIGRATION. */
export const MIGRATION_QUESTION = ['COMMAND', 'INFO', ...SENT_BY_MIGRATION] as const;

/** Those that the server does not know, be it that they are renamed (`rename-command`); all, where it answers in an unknown form. */
export function lackedOf(reply: Reply): readonly string[] {
  const answers = isList(reply) && reply.length === SENT_BY_MIGRATION.length ? reply : [];
  return SENT_BY_MIGRATION.filter((_, i) => {
    const entry = answers[i] ?? null;
    return !isList(entry) || entry.length === 0;
  });
}

/** Null where the answer is not of the form that COMMAND INFO has. */
export function readCapabilities(reply: Reply): Capabilities | null {
  if (!isList(reply) || reply.length !== CAPABILITY_QUESTION.length - 2) return null;
  if (!reply.every((entry) => entry === null || isList(entry))) return null;
  const [migrateSlots, migration, slotStats] = reply.map((entry) => isList(entry) && entry.length > 0);
  return {
    atomic: migrateSlots === true ? 'MIGRATESLOTS' : migration === true ? 'MIGRATION' : null,
    slotStats: slotStats === true,
  };
}

/** One side of a move, as far as the choice of the way needs it. */
export interface Party {
  readonly pod: string;
  readonly facts: { readonly software: string; readonly version: string; readonly modules?: readonly string[] };
  /** Left out: the server would not tell. */
  readonly capabilities?: Capabilities;
}

/** The best way that both sides of a move know, and for the slower one why it is that. */
export type Way =
  | { readonly kind: 'atomic'; readonly command: AtomicCommand }
  | { readonly kind: 'classic'; readonly because: string };

export function wayBetween(donor: Party, receiver: Party): Way {
  const [given, taken] = [donor.capabilities, receiver.capabilities];
  if (given === undefined) return { kind: 'classic', because: silent(donor) };
  if (taken === undefined) return { kind: 'classic', because: silent(receiver) };
  if (given.atomic === null) return { kind: 'classic', because: unable(donor) };
  if (taken.atomic === null) return { kind: 'classic', because: unable(receiver) };
  const [lacking] = (donor.facts.modules ?? []).filter((one) => receiver.facts.modules?.includes(one) !== true);
  if (lacking !== undefined) return { kind: 'classic', because: without(receiver, donor, lacking) };
  if (given.atomic === 'MIGRATION' && taken.atomic === 'MIGRATION') return migrationBetween(donor, receiver);
  if (given.atomic === taken.atomic) return { kind: 'atomic', command: given.atomic };
  const because = `${donor.pod} knows CLUSTER ${given.atomic}, ${receiver.pod} CLUSTER ${taken.atomic}, and neither understands the other`;
  return { kind: 'classic', because };
}

/**
 * A receiver of Redis applies what comes as a replica does: what it refuses is lost, and the job counts as done (seen on 8.6.3 with
 * RESTORE renamed away: 5 of 7 keys were gone). So it goes key by key wherever something might be refused: MIGRATE is then told, and
 * the key stays.
 */
function migrationBetween(donor: Party, receiver: Party): Way {
  for (const { pod, capabilities } of [donor, receiver]) {
    const [lacking] = capabilities?.lacks ?? [];
    if (lacking === undefined) continue;
    const because = `${pod} does not know ${lacking.replace('|', ' ').toUpperCase()} (rename-command?), without which a move as a whole may lose keys`;
    return { kind: 'classic', because };
  }
  if (!isOlder(receiver.facts.version, donor.facts.version)) return { kind: 'atomic', command: 'MIGRATION' };
  const because = `${receiver.pod} runs redis ${receiver.facts.version}, which is older than ${donor.pod} (${donor.facts.version}) and may not read all that it sends`;
  return { kind: 'classic', because };
}

/** By major and minor: the form of a dump changes with these. */
function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/**
 * Redis sends keys of a module's types as the module's own commands, and counts a job as done whose receiver knew none of them: the
 * keys are lost (seen on 8.6.3). MIGRATE is refused such a key, which stays.
 */
function without(receiver: Party, donor: Party, lacking: string): string {
  return `${receiver.pod} lacks the module ${lacking} of ${donor.pod}, without which a move as a whole may lose its keys`;
}

function silent({ pod }: Party): string {
  return `${pod} does not tell what it can (COMMAND INFO is refused or answered in an unknown form)`;
}

function unable({ pod, facts }: Party): string {
  return `${pod} runs ${facts.software} ${facts.version}, which knows neither CLUSTER MIGRATESLOTS nor CLUSTER MIGRATION`;
}
