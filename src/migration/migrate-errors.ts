import { Failure, type FailureCode } from '../core/failure.ts';
import { meaningOf, type ServerError } from '../core/server-errors.ts';
import type { Pair } from './pair.ts';

/**
 * Errors of MIGRATE that pass by themselves, and how often in a row it is tried. A cluster is down for as long as a failover
 * takes, of whichever shard: twice `cluster-node-timeout`, 15 s by default, and a server that saw no majority waits 5 s more.
 */
const TRIES: Readonly<Partial<Record<ServerError, number>>> = {
  'io-error': 6,
  'cluster-down': 32,
  'try-again': 6,
  loading: 32,
  busy: 6,
  'no-replicas': 6,
};

const PAUSE = 500;
const LONGEST_PAUSE = 2_000;

/** Milliseconds to wait after so many failures in a row, of which this error is the last; null: not to be tried again. */
export function pauseAfter(error: string, failures: number): number | null {
  if (failures >= (TRIES[meaningOf(error)] ?? 0)) return null;
  return Math.min(PAUSE * failures, LONGEST_PAUSE);
}

/**
 * The server's error to MIGRATE as a Failure that says which side it came from and what it means.
 * @param bytes what was to be moved, where that is known
 */
export function migrateFailure(pair: Pair, slot: number, error: string, bytes = 0): Failure {
  const fromReceiver = /target instance replied with error/i.test(error);
  const [donor, receiver] = [pair.donor.pod.name, pair.receiver.pod.name];
  const said = fromReceiver ? `${receiver} answered ${donor}` : `${donor} says`;
  const what = `Cannot move the keys of slot ${slot} from ${donor} to ${receiver}: ${said} "${error}".`;
  const { code = 'migration-failed', why, remedy } = MEANINGS[meaningOf(error)] ?? OTHER;
  const names = { donor, receiver, there: fromReceiver ? receiver : donor };
  // The receiver hangs up on a key that is too large for it; the donor only sees that it did.
  const large = meaningOf(error) === 'io-error' && bytes >= LEAST_BULK ? [tooLarge(receiver, bytes)] : [];
  return new Failure(code, [what, why(names), ...large].join(' '), { remedy: remedy(names) });
}

/** So often in a row a donor may name the same key of a slot first and have nothing to send. */
export const MOST_IDLE = 20;

/** Keys of a slot that the donor counts and names, and has nothing to send of: the slot would never be empty. */
export function keysThatAreNone({ donor }: Pair, slot: number): Failure {
  return new Failure(
    'migration-failed',
    `Cannot empty slot ${slot} of ${donor.pod.name}: it names keys there again and again that have expired (MIGRATE answers NOKEY), as Valkey does that keeps such keys with \`import-mode yes\`.`,
    { remedy: `Set \`import-mode no\` on ${donor.pod.name} (CONFIG SET), then run apply again.` },
  );
}

/** The least that `proto-max-bulk-len` can be set to. */
const LEAST_BULK = 1024 * 1024;

function tooLarge(receiver: string, bytes: number): string {
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  return `It was about a key of ${size}: ${receiver} hangs up where that is more than its proto-max-bulk-len.`;
}

interface Names {
  readonly donor: string;
  readonly receiver: string;
  /** Whose error it is. */
  readonly there: string;
}

interface Meaning {
  readonly code?: FailureCode;
  readonly why: (names: Names) => string;
  readonly remedy: (names: Names) => string;
}

const OTHER: Meaning = {
  why: () => 'No key is lost: a key that was not moved is still where it was.',
  remedy: () => 'Mend what the message names, then run apply again: it goes on with the slots that are left.',
};

const FAILED_OVER: Meaning = {
  why: () => 'A failover changed the roles in the middle of the move.',
  remedy: () => 'Run apply again: it looks anew and goes on from there.',
};

const MEANINGS: Readonly<Partial<Record<ServerError, Meaning>>> = {
  'out-of-memory': {
    why: ({ receiver }) => `${receiver} has reached its maxmemory and takes no more keys.`,
    remedy: () => 'Raise maxmemory (and the memory of the pods) or give that shard fewer slots, then run apply again.',
  },
  'not-authenticated': {
    code: 'redis-auth',
    why: ({ donor, receiver }) =>
      `The name and password that this run uses are accepted by ${donor} but not by ${receiver}.`,
    remedy: () => 'Set the same user and password on all pods and in `redis-password`, then run apply again.',
  },
  'no-permission': {
    code: 'redis-permission',
    why: ({ receiver, there }) =>
      there === receiver
        ? `The user lacks a right on ${there}: MIGRATE needs "+restore-asking", "+restore", "+select" and all keys there.`
        : `The user lacks a right on ${there}: moving keys needs "+migrate" and all keys.`,
    remedy: () => 'Give the user this right on all pods (README, "Rights in Redis"), then run apply again.',
  },
  'io-error': {
    why: ({ donor, receiver }) =>
      `The connection from ${donor} to ${receiver} broke or took too long, again and again; a key may be on both, and ${donor}'s counts.`,
    remedy: ({ receiver }) =>
      `Look whether ${receiver} hangs, for a network policy between the pods, and for a very big key; then run apply again.`,
  },
  'no-replicas': {
    why: ({ there }) =>
      `${there} takes no writes: too few of its replicas are there and in step (min-replicas-to-write).`,
    remedy: ({ there }) => `Look at the replicas of ${there} (status shows their link), then run apply again.`,
  },
  'busy-key': {
    why: ({ receiver }) => `${receiver} holds a key of that name already and did not replace it, which it was told to.`,
    remedy: () => 'Look at that key on both pods; status tells which one owns the slot. Then run apply again.',
  },
  'try-again': {
    why: ({ donor, receiver }) =>
      `Some of these keys are on ${donor} and some on ${receiver}, and stayed so for several seconds.`,
    remedy: () => 'Run apply again: it looks at the slot anew and goes on from there.',
  },
  'cluster-down': {
    why: ({ there }) =>
      `${there} does not hold the cluster for whole, and did not for a minute: a slot has no owner there, or most primaries cannot be reached.`,
    remedy: () => 'Look at the findings of status for slots without owner and for failed nodes, then run apply again.',
  },
  loading: {
    why: ({ there }) => `${there} was started again and still loads its data.`,
    remedy: () => 'Wait until the pod is ready, then run apply again.',
  },
  busy: {
    why: ({ there }) => `${there} runs a script or function that does not end.`,
    remedy: () => 'End it (SCRIPT KILL, FUNCTION KILL) or wait, then run apply again.',
  },
  'newer-payload': {
    why: ({ donor, receiver }) =>
      `${receiver} runs an older version than ${donor} and cannot read what that one writes; the key is still on ${donor}.`,
    remedy: () =>
      'Finish the update of the servers, then run apply again: slots move from older servers to newer ones only.',
  },
  'unknown-type': {
    why: ({ donor, receiver }) =>
      `${receiver} cannot read a key of that type: it lacks the module that made it, or has another version of it; the key is still on ${donor}.`,
    remedy: ({ donor, receiver }) =>
      `Load on ${receiver} the modules that ${donor} has (MODULE LIST of both), then run apply again: it goes on with the slots that are left.`,
  },
  'unknown-command': {
    why: () => 'Moving keys needs that command: it may be renamed (rename-command).',
    remedy: () => 'Leave MIGRATE and RESTORE-ASKING as they are called on all pods, then run apply again.',
  },
  moved: FAILED_OVER,
  'read-only': FAILED_OVER,
};
