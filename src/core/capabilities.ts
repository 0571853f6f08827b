import type { LibraryFact } from './libraries.ts';
import { isList, type Reply } from './replies.ts';
import { isOlder } from './versions.ts';

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
  /** Whether it has more than one database (`cluster-databases`) or does not tell; left out where it has one, or is not asked. */
  readonly databases?: 'several' | 'unknown';
  /** Whether clients write in a way that no move as a whole passes on, or the server does not tell; left out where none does. */
  readonly unsent?: 'used' | 'unknown';
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

/** Asked of servers that know CLUSTER MIGRATESLOTS; the second puts the connection back to where it was. */
export const DATABASES_QUESTION = [
  ['SELECT', 1],
  ['SELECT', 0],
] as const;

/** @param error how the first of these was refused; null: it was not */
export function databasesOf(error: string | null): Pick<Capabilities, 'databases'> {
  if (error === null) return { databases: 'several' };
  return /out of range|cluster mode/i.test(error) ? {} : { databases: 'unknown' };
}

/**
 * What clients write by MSETEX while a job is at work is on the donor alone and gone with its end, which counts as done: every one of
 * them, on Redis 8.6.3 and Valkey 9.1.2. All other commands that write arrive (test/servers/migration/every-write.test.ts).
 */
export const UNSENT_QUESTION = ['INFO', 'commandstats'] as const;

/** How often the server has carried it out since it started, by the reply to `UNSENT_QUESTION`; null: it does not tell. */
export function unsentIn(info: string | null): number | null {
  if (info === null) return null;
  const [, stats = 'calls=0'] = /^cmdstat_msetex:(.*)$/m.exec(info) ?? [];
  const calls = /(?:^|,)calls=(\d+)/.exec(stats)?.[1];
  return calls === undefined ? null : Number(calls);
}

/** @param calls what `unsentIn` gives */
export function unsentOf(calls: number | null): Pick<Capabilities, 'unsent'> {
  if (calls === null) return { unsent: 'unknown' };
  return calls > 0 ? { unsent: 'used' } : {};
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
  readonly facts: {
    readonly software: string;
    readonly version: string;
    readonly modules?: readonly string[];
    /** Function libraries, as `ServerFacts` has them. */
    readonly libraries?: number;
    readonly functions?: readonly LibraryFact[];
  };
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
  if (given.atomic === taken.atomic && given.unsent !== undefined)
    return { kind: 'classic', because: unsent(donor, given.unsent) };
  if (given.atomic === 'MIGRATION' && taken.atomic === 'MIGRATION') return migrationBetween(donor, receiver);
  if (given.atomic === taken.atomic) return migrateSlotsFrom(donor, given);
  const because = `${donor.pod} knows CLUSTER ${given.atomic}, ${receiver.pod} CLUSTER ${taken.atomic}, and neither understands the other`;
  return { kind: 'classic', because };
}

/**
 * A donor of Valkey sends what clients write meanwhile without the number of its database at first, so that it ends in the one which
 * the snapshot before it ended with: acknowledged writes to database 0 were in database 2 of the receiver, and the job counted as done
 * (seen on 9.1; with keys in database 0 alone it never was, but the first key of another one may come at any time).
 */
function migrateSlotsFrom({ pod }: Party, { databases }: Capabilities): Way {
  if (databases === undefined) return { kind: 'atomic', command: 'MIGRATESLOTS' };
  const what =
    databases === 'several' ? 'has several databases' : 'does not tell whether it has several databases (SELECT)';
  const because = `${pod} ${what}, and a move as a whole may put what clients write meanwhile into the wrong one`;
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
  if (isOlder(receiver.facts.version, donor.facts.version)) {
    const because = `${receiver.pod} runs redis ${receiver.facts.version}, which is older than ${donor.pod} (${donor.facts.version}) and may not read all that it sends`;
    return { kind: 'classic', because };
  }
  const because = clashOfFunctions(donor, receiver);
  return because === null ? { kind: 'atomic', command: 'MIGRATION' } : { kind: 'classic', because };
}

/**
 * The donor's libraries come along: they replace those of the same names, and where one of their functions is in a library of another
 * name none of them arrives, both without a word (seen on 8.6.3). Names of functions are not kept, so any other library may have one.
 */
function clashOfFunctions(donor: Party, receiver: Party): string | null {
  // The donor itself stands for a pod that is yet to come.
  if (donor.pod === receiver.pod || (donor.facts.libraries ?? 0) === 0) return null;
  const [{ libraries = 0, functions: there = [] }, { functions: mine = [] }] = [receiver.facts, donor.facts];
  if (libraries !== there.length)
    return `${receiver.pod} has ${libraries} function libraries and does not tell which (FUNCTION LIST), and a move as a whole may replace them by those of ${donor.pod}`;
  const digests = new Map(mine.map(({ name, digest }) => [name, digest]));
  const other = there.find(({ name, digest }) => digests.get(name) !== digest);
  if (other === undefined) return null;
  return digests.has(other.name)
    ? `the function library ${other.name} of ${receiver.pod} has other code on ${donor.pod}, by which a move as a whole would replace it`
    : `${receiver.pod} has the function library ${other.name}, which ${donor.pod} lacks or does not tell of: had both a function of the same name, a move as a whole would bring no library`;
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

function unsent({ pod }: Party, how: NonNullable<Capabilities['unsent']>): string {
  const what =
    how === 'used' ? 'clients have used MSETEX' : 'it does not tell whether clients use MSETEX (INFO commandstats)';
  return `on ${pod} ${what}, and a move as a whole loses what is written by it meanwhile`;
}

function unable({ pod, facts }: Party): string {
  return `${pod} runs ${facts.software} ${facts.version}, which knows neither CLUSTER MIGRATESLOTS nor CLUSTER MIGRATION`;
}
