import { asFailure, Failure } from '../core/failure.ts';
import type { Place } from '../core/topology.ts';
import type { Clock } from '../ports/clock.ts';
import type { Kubernetes, LeaseState } from '../ports/kubernetes.ts';

const LEASE_SECONDS = 30;
const RENEW_EVERY = 8_000;
/** After a renewal that failed: the API server may be away for some of the 30 s only. */
const TRY_AGAIN_AFTER = 1_000;
/** Milliseconds after the last renewal in which another may be begun: its two requests of 3 s end before others take over. */
const STANDS = (LEASE_SECONDS - 6) * 1000;
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
  /** Told when it could not be given back: the work is done all the same, and the lock expires by itself. */
  readonly kept: (trouble: Failure, seconds: number) => void;
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
        return holdLock(place, name, ports, { ...options, inherited: lease?.note ?? '' });
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
  { holder, inherited, kept }: Pick<LockOptions, 'holder' | 'kept'> & { readonly inherited: string },
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
      await insist(ports.clock, closing.signal, () => write({ holder, note }, closing.signal));
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await renewing;
      if (lost.signal.aborted) return;
      try {
        await write({ holder: '', note }, AbortSignal.timeout(5_000));
      } catch (thrown) {
        kept(asFailure(thrown), LEASE_SECONDS);
      }
    },
  };
}

/** Renews until closed. Throws when somebody else has the lease, or it does not stand any more. */
async function keepRenewed(clock: Clock, signal: AbortSignal, renew: () => Promise<void>): Promise<void> {
  for (;;) {
    await clock.sleep(RENEW_EVERY, { signal });
    await insist(clock, signal, renew, STANDS - RENEW_EVERY);
  }
}

/** Writes; trouble is met by trying again as long as the lease still stands. */
async function insist(clock: Clock, signal: AbortSignal, write: () => Promise<void>, patience = STANDS): Promise<void> {
  const deadline = clock.now() + patience;
  for (;;) {
    try {
      await write();
      return;
    } catch (thrown) {
      if (!mayPass(thrown)) throw thrown;
      if (clock.now() >= deadline) throw expired(thrown);
      await clock.sleep(TRY_AGAIN_AFTER, { signal });
    }
  }
}

function lostTo(name: string, holder: string): Failure {
  return new Failure('lock-lost', `The lock ${name} was taken over by ${holder === '' ? 'nobody known' : holder}.`, {
    remedy: 'Look whether that run finished the work; if not, run apply again.',
  });
}

/** Whether it is the API server that cannot be asked just now: not another holder, and no right that is missing. */
function mayPass(thrown: unknown): boolean {
  return thrown instanceof Failure && (thrown.code === 'kubernetes-unreachable' || thrown.code === 'kubernetes-error');
}

function expired(cause: unknown): Failure {
  const seconds = STANDS / 1000;
  return new Failure('lock-lost', `The lock could not be renewed for ${seconds} s, so another apply may begin.`, {
    remedy: 'Run apply again: it goes on where this one stopped.',
    details: [asFailure(cause).message],
    cause,
  });
}
