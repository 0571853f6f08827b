import { asFailure, Failure } from '../core/failure.ts';
import type { Place } from '../core/topology.ts';
import type { Clock } from '../ports/clock.ts';
import type { Kubernetes, Lease } from '../ports/kubernetes.ts';

const LEASE_SECONDS = 30;
const RENEW_EVERY = 8_000;
/** After a renewal that failed: the API server may be away for some of the 30 s only. */
const TRY_AGAIN_AFTER = 1_000;
/**
 * Milliseconds after the last renewal in which another may be begun: its two requests of 3 s end before others take over, and
 * the API server tells its time in whole seconds.
 */
const STANDS = (LEASE_SECONDS - 7) * 1000;
const LOOK_EVERY = 2_000;

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
  /** The URL of this run, for people. */
  readonly holder: string;
  /** Random, of this process: jobs of one run have the same URL, and two of them must not hold one lock. */
  readonly token: string;
  /** Milliseconds to wait for another holder. */
  readonly patience: number;
  readonly signal: AbortSignal;
  /** Told who holds it, every few seconds while waiting. */
  readonly waiting: (holder: string, secondsLeft: number) => void;
  /** Told when it could not be given back: the work is done all the same, and the lock expires by itself. */
  readonly kept: (trouble: Failure, seconds: number) => void;
}

/** One state of another's Lease, and since when it stands as seen from here (milliseconds). */
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
 * A holder that stops renewing is succeeded after 30 s by the API server's clock, or of standing still as seen from here
 * where that clock cannot be trusted: clocks of two runners may differ, so they are never compared.
 * Throws Failure `locked`, or `no-namespace` where there is none for the Lease.
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
    const stoodStill = lease !== null && lease.version === seen.version ? now - seen.since : 0;
    if (lease === null || isExpired(lease, stoodStill) || lease.token === options.token) {
      const note = lease?.note ?? '';
      const state = { holder: options.holder, token: options.token, seconds: LEASE_SECONDS, note };
      const version = lease?.version ?? null;
      const written = await ports.kubernetes.writeLease(place, name, state, { version, signal: options.signal });
      if (written === 'written') return holdLock(place, name, ports, { ...options, inherited: note });
      if (written === 'no-namespace') throw noNamespace(place);
    } else if (lease.version !== seen.version) {
      seen = { version: lease.version, since: now };
    }
    const holder = lease?.holder || 'a run that was faster';
    if (now >= deadline) throw lockedBy(cluster, holder, options.patience);
    options.waiting(holder, Math.ceil((deadline - now) / 1000));
    await ports.clock.sleep(LOOK_EVERY, options);
  }
}

/** What the Lease of a cluster tells those who never take it. */
export interface LockSeen {
  /** Who is at work on the cluster now; null for nobody. */
  readonly holder: string | null;
  /** What an apply left that did not come to its end; null for nothing. */
  readonly note: string | null;
}

/** Looks at the lock without taking it, for plans. */
export async function lookAtLock(
  place: Place,
  cluster: string,
  kubernetes: Kubernetes,
  options: { signal: AbortSignal },
): Promise<LockSeen> {
  const lease = await kubernetes.readLease(place, leaseName(cluster), options);
  if (lease === null) return { holder: null, note: null };
  return { holder: isExpired(lease) ? null : lease.holder, note: lease.note === '' ? null : lease.note };
}

/** Whether nobody holds it any more: it was given back, or not renewed for as long as it lasts. */
function isExpired(lease: Lease, stoodStill = 0): boolean {
  return lease.holder === '' || Math.max(lease.age, stoodStill) >= lease.seconds * 1000;
}

function noNamespace({ namespace }: Place): Failure {
  return new Failure(
    'no-namespace',
    `Cannot apply: there is no namespace "${namespace}", where the lock and the cluster are to be.`,
    {
      remedy: `Create it (kubectl create namespace ${namespace}), put it into the manifests, or correct \`kubernetes.namespace\`.`,
    },
  );
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
  { holder, token, inherited, kept }: Pick<LockOptions, 'holder' | 'token' | 'kept'> & { readonly inherited: string },
): Lock {
  const lost = new AbortController();
  const closing = new AbortController();
  let note = inherited;

  const write = async (state: { holder: string; token: string }, signal: AbortSignal): Promise<void> => {
    for (let tries = 0; tries < WRITES; tries += 1) {
      const lease = await ports.kubernetes.readLease(place, name, { signal });
      if (lease !== null && lease.token !== token) throw lostTo(name, lease.holder);
      const version = lease?.version ?? null;
      const next = { ...state, seconds: LEASE_SECONDS, note };
      const written = await ports.kubernetes.writeLease(place, name, next, { version, signal });
      if (written === 'written') return;
      if (written === 'no-namespace') throw noNamespace(place);
    }
    throw lostTo(name, 'another run');
  };

  const renewing = keepRenewed(ports.clock, closing.signal, () => write({ holder, token }, closing.signal)).catch(
    (thrown: unknown) => {
      if (!closing.signal.aborted) lost.abort(thrown);
    },
  );

  return {
    lost: lost.signal,
    inherited: inherited === '' ? null : inherited,
    async leave(text) {
      note = text;
      await insist(ports.clock, closing.signal, () => write({ holder, token }, closing.signal));
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await renewing;
      if (lost.signal.aborted) return;
      try {
        await write({ holder: '', token: '' }, AbortSignal.timeout(5_000));
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
