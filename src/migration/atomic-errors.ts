import { Failure, type FailureCode } from '../core/failure.ts';
import { print, type SlotSet } from '../core/slots.ts';
import type { Jobs } from './jobs.ts';
import type { Pair } from './pair.ts';

interface Names {
  readonly donor: string;
  readonly receiver: string;
  readonly command: string;
}

/** What the end of a job, or the refusal to begin one, means. */
interface Trouble {
  /** `again`: it may work the next time. `other-way`: only key by key. `stop`: not at all. */
  readonly next: 'again' | 'other-way' | 'stop';
  readonly code?: FailureCode;
  readonly why: (names: Names) => string;
  readonly remedy?: (names: Names) => string;
}

/** Valkey's donor gave up waiting for the receiver. */
const LOST_WRITES = /lost writes/i;

export function tellsOfLostWrites(said: string): boolean {
  return LOST_WRITES.test(said);
}

function lostWords({ donor, receiver }: Pick<Names, 'donor' | 'receiver'>): string {
  return `${donor} took writes again before it heard that ${receiver} had taken over: what was written to these slots in that moment may be lost.`;
}

const AFTER_LOSS =
  'Compare the data of these slots with where it comes from, look why the nodes heard so late from each other (load, network), then run apply again.';

/** The receiver has the slots, and the donor says afterwards what cannot be without a loss. */
export function writesLost(
  said: string,
  slots: SlotSet,
  { pair, jobs: { command } }: { readonly pair: Pair; readonly jobs: Jobs },
): Failure {
  const names = { donor: pair.donor.pod.name, receiver: pair.receiver.pod.name };
  return new Failure(
    'migration-failed',
    `Slots ${print(slots)} have moved from ${names.donor} to ${names.receiver} by ${command}, and ${names.donor} says "${said}". ${lostWords(names)}`,
    { remedy: AFTER_LOSS },
  );
}

/** The first that fits; texts of cluster_migrateslots.c (Valkey) and cluster_asm.c (Redis). */
const TROUBLES: readonly (readonly [RegExp, Trouble])[] = [
  [LOST_WRITES, { next: 'stop', why: lostWords, remedy: () => AFTER_LOSS }],
  [
    /out of memory|\bOOM\b/i,
    {
      next: 'stop',
      why: ({ donor, receiver }) =>
        `${receiver} has reached its maxmemory; it has thrown away what had come of these slots, and ${donor} still has all of it.`,
      remedy: () =>
        'Raise maxmemory (and the memory of the pods) or give that shard fewer slots, then run apply again.',
    },
  ],
  [
    /\b(NOAUTH|WRONGPASS)\b|to AUTH|invalid username-password/i,
    {
      next: 'other-way',
      code: 'redis-auth',
      why: ({ donor, receiver }) =>
        `${donor} cannot log in to ${receiver}: nodes do that with \`primaryauth\` and \`primaryuser\`.`,
      remedy: () =>
        'Set `primaryauth` (and `primaryuser`, where replication has a user of its own) on all nodes; `migration.method: classic` logs in with `redis-password` instead.',
    },
  ],
  [
    /\bNOPERM\b|no permissions|Failed to process command/i,
    {
      next: 'other-way',
      code: 'redis-permission',
      why: ({ receiver, command }) =>
        `A user lacks a right: that of this run ${command}, or that of \`primaryuser\` one on ${receiver} (its log names the command).`,
      remedy: ({ command }) =>
        `Give the user of \`redis-username\` ${command} and what belongs to it (README, "Rights in Redis"), and the user of \`primaryuser\` "+@all ~* alldbs"; \`migration.method: classic\` needs neither.`,
    },
  ],
  [
    /manually (migrated|imported)|must be STABLE/i,
    {
      next: 'other-way',
      why: () => 'Slots are open there: left by an interrupted move, or opened by somebody else.',
      remedy: () => 'With `migration.method: auto` apply moves them key by key, which closes them.',
    },
  ],
  [
    /did not end within/i,
    {
      next: 'other-way',
      why: ({ donor }) =>
        `So it was cancelled. A snapshot waits while ${donor} has another child process at work (BGSAVE, a rewrite of its append-only file), a hand-over while more is written than is sent.`,
    },
  ],
  [
    /unknown (sub)?command|wrong number of arguments|syntax error|module/i,
    {
      next: 'other-way',
      why: ({ command }) => `A server cannot do ${command} as it is set up.`,
      remedy: () => 'Set `migration.method` to `auto` or `classic`.',
    },
  ],
  [
    /another ASM task|overlapping import|already migrating slot|already being imported/i,
    { next: 'again', why: () => 'Another job is at work there.' },
  ],
  [
    /on replica|only be used on primary/i,
    { next: 'stop', code: 'changed-meanwhile', why: () => 'A failover changed the roles in the middle of the move.' },
  ],
];

const OTHER: Trouble = { next: 'again', why: () => 'Nothing is lost: a job moves all of its slots or none.' };

/** Whether to try again after what a server said, and what that means for whoever reads it. */
export function troubleOf(
  said: string,
  slots: SlotSet,
  { pair, jobs: { command } }: { readonly pair: Pair; readonly jobs: Jobs },
): { readonly next: Trouble['next']; readonly failure: Failure } {
  const { next, code, why, remedy } = TROUBLES.find(([pattern]) => pattern.test(said))?.[1] ?? OTHER;
  const names = { donor: pair.donor.pod.name, receiver: pair.receiver.pod.name, command };
  const what = `Cannot move slots ${print(slots)} from ${names.donor} to ${names.receiver} by ${command}: the server says "${said}".`;
  const failure = new Failure(code ?? 'migration-failed', `${what} ${why(names)}`, {
    remedy: remedy?.(names) ?? 'Run apply again: it looks anew and goes on with the slots that are left.',
  });
  return { next, failure };
}
