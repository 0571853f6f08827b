import { Failure } from '../core/failure.ts';
import type { Place } from '../core/topology.ts';
import type { Clock } from '../ports/clock.ts';
import type { Kubernetes, LeaseState } from '../ports/kubernetes.ts';

const LEASE_SECONDS = 30;
const RENEW_EVERY = 8_000;
const LOOK_EVERY = 2_000;
/** A renewal older than this is expired whatever the two machines' clocks say. */
const SURELY_OLD = 5 * 60_000;

/** The right to change one cluster, held until disposed. */
export interface Lock extends AsyncDisposable {
  /** Aborted, with a Failure `lock-lost`, when somebody else has it or it could not be renewed in time. */
  readonly lost: AbortSignal;
  /** What the previous holder left, when it did not give the lock back: the steps that it was approved to take. */
  readonly inherited: string | null;
  /** Leaves a note for the run that goes on, should this one be killed. */
  leave(note: string): Promise<void>;
}

export interface LockOptions {
  /** The URL of this run. */
  readonly holder: string;
  /** Milliseconds to wait for another holder. */
  readonly patience: number;
  readonly signal: AbortSignal;
  /** Told who holds it, every few seconds while waiting. */
  readonly waiting: (holder: string, secondsLeft: number) => void;
}

/** One state of another's lease, and since when it stands as seen from here (milliseconds). */
interface Sighting {
  readonly version: string;
  readonly since: number;
}

/** The name of the Lease of a cluster. */
export function leaseName(cluster: string): string {
  return `redis-cluster-topology-${cluster}`;
}

/**
 * Takes the Lease of a cluster, waits for another holder up to `patience`, and keeps it renewed.
 * A holder that stops renewing is succeeded after 30 s of standing still as seen from here: clocks of two runners may
 * differ, so the times that others write are not compared with the own clock (as client-go's leader election does it).
 * Throws Failure `locked`.
 */
export async function takeLock(
  place: Place,
  cluster: string,
  ports: { kubernetes: Kubernetes; clock: Clock },
  options: LockOptions,
): Promise<Lock> {
  const name = leaseName(cluster);
  const deadline = ports.clock.now() + options.patience;
  let seen: Sighting = { version: '', since: 0 };
  for (;;) {
    const lease = await ports.kubernetes.readLease(place, name, options);
    const now = ports.clock.now();
    if (lease === null || isFree(lease, options.holder, now, seen)) {
      const state = { holder: options.holder, renewed: now, seconds: LEASE_SECONDS, note: lease?.note ?? '' };
      const version = lease?.version ?? null;
      if (await ports.kubernetes.writeLease(place, name, state, { version, signal: options.signal })) {
        return holdLock(place, name, ports, options.holder, lease?.note ?? '');
      }
    } else {
      if (seen.version !== lease.version) seen = { version: lease.version, since: now };
      if (now >= deadline) throw lockedBy(cluster, lease.holder, options.patience);
      options.waiting(lease.holder, Math.ceil((deadline - now) / 1000));
    }
    await ports.clock.sleep(LOOK_EVERY, options);
  }
}

/** Who is at work on the cluster now, as far as the Lease tells; null for nobody. For plans, which never lock. */
export async function holderNow(
  place: Place,
  cluster: string,
  ports: { kubernetes: Kubernetes; clock: Clock },
  options: { signal: AbortSignal },
): Promise<string | null> {
  const lease = await ports.kubernetes.readLease(place, leaseName(cluster), options);
  if (lease === null || lease.holder === '') return null;
  return ports.clock.now() - lease.renewed > lease.seconds * 1000 ? null : lease.holder;
}

function isFree(lease: LeaseState, self: string, now: number, seen: Sighting): boolean {
  if (lease.holder === '' || lease.holder === self) return true;
  if (now - lease.renewed > SURELY_OLD) return true;
  return seen.version === lease.version && now - seen.since >= lease.seconds * 1000;
}

function lockedBy(cluster: string, holder: string, patience: number): Failure {
  return new Failure(
    'locked',
    `Cannot apply to ${cluster}: another apply holds its lock, and still did after ${Math.round(patience / 1000)} s: ${holder}`,
    { remedy: 'Wait until that run has ended, then run this one again. A killed run frees the lock after 30 s.' },
  );
}

/** A renewal that is under way, or was given up, may change the Lease between an own look and the write after it. */
const WRITES = 3;

function holdLock(
  place: Place,
  name: string,
  ports: { kubernetes: Kubernetes; clock: Clock },
  holder: string,
  inherited: string,
): Lock {
  const lost = new AbortController();
  const closing = new AbortController();
  let note = inherited;

  const write = async (state: { holder: string; note: string }, signal: AbortSignal): Promise<void> => {
    for (let tries = 0; tries < WRITES; tries += 1) {
      const lease = await ports.kubernetes.readLease(place, name, { signal });
      if (lease !== null && lease.holder !== holder) throw lostTo(name, lease.holder);
      const next = { ...state, renewed: ports.clock.now(), seconds: LEASE_SECONDS };
      const version = lease?.version ?? null;
      if (await ports.kubernetes.writeLease(place, name, next, { version, signal })) return;
    }
    throw lostTo(name, 'another run');
  };

  const renewing = keepRenewed(ports.clock, closing.signal, () => write({ holder, note }, closing.signal)).catch(
    (thrown: unknown) => {
      if (!closing.signal.aborted) lost.abort(thrown);
    },
  );

  return {
    lost: lost.signal,
    inherited: inherited === '' ? null : inherited,
    async leave(text) {
      note = text;
      await write({ holder, note }, closing.signal);
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await renewing;
      if (lost.signal.aborted) return;
      await write({ holder: '', note }, AbortSignal.timeout(5_000));
    },
  };
}

/** Renews until closed. Trouble is retried as long as the lease still stands; then it throws. */
async function keepRenewed(clock: Clock, signal: AbortSignal, renew: () => Promise<void>): Promise<void> {
  let standing = clock.now();
  for (;;) {
    await clock.sleep(RENEW_EVERY, { signal });
    try {
      await renew();
      standing = clock.now();
    } catch (thrown) {
      const lostForGood = thrown instanceof Failure && thrown.code === 'lock-lost';
      if (lostForGood || clock.now() - standing > (LEASE_SECONDS - 5) * 1000) throw asLost(thrown);
    }
  }
}

function lostTo(name: string, holder: string): Failure {
  return new Failure('lock-lost', `The lock ${name} was taken over by ${holder === '' ? 'nobody known' : holder}.`, {
    remedy: 'Look whether that run finished the work; if not, run apply again.',
  });
}

function asLost(thrown: unknown): Failure {
  if (thrown instanceof Failure && thrown.code === 'lock-lost') return thrown;
  return new Failure('lock-lost', 'The lock could not be renewed for 25 s, so another apply may begin.', {
    remedy: 'Run apply again: it goes on where this one stopped.',
    cause: thrown,
  });
}
