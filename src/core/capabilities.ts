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
}

/** Asked of every server; names that it does not know are null in its answer. Versions tell less: forks count their own. */
export const CAPABILITY_QUESTION = [
  'COMMAND',
  'INFO',
  'cluster|migrateslots',
  'cluster|migration',
  'cluster|slot-stats',
] as const;

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
  if (given.atomic === taken.atomic) return { kind: 'atomic', command: given.atomic };
  const because = `${donor.pod} knows CLUSTER ${given.atomic}, ${receiver.pod} CLUSTER ${taken.atomic}, and neither understands the other`;
  return { kind: 'classic', because };
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
