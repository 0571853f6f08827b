import { asFailure, Failure, mayPass } from '../core/failure.ts';
import { byText } from '../core/text-order.ts';
import type { Place } from '../core/topology.ts';
import type { Clock } from '../ports/clock.ts';
import type { Kubernetes, Lease } from '../ports/kubernetes.ts';

const LEASE_SECONDS = 30;
const RENEW_EVERY = 8_000;
/** After a renewal that failed: the API server may be away for some of the 30 s only. */
const TRY_AGAIN_AFTER = 1_000;
/**
 * Milliseconds after the beginning of the last renewal in which another may be begun: its two requests of 3 s end before others take
 * over, and the API server tells its time in whole seconds.
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

interface Ports {
  readonly kubernetes: Kubernetes;
  readonly clock: Clock;
}

/** One state of another's Lease, and since when it stands as seen from here (milliseconds). */
interface Sighting {
  readonly version: string;
  readonly since: number;
}

/** The name of the Lease of a StatefulSet, or of a cluster of another name. */
export function leaseName(of: string): string {
  return `redis-cluster-topology-${of}`;
}

/**
 * Takes the Lease of the cluster's StatefulSet, and that of its name where it is another, waits for other holders up to
 * `patience`, and keeps them renewed. The name alone would let one StatefulSet be changed twice at once under two names,
 * and a renamed cluster would not find what a run that was killed has left.
 * Throws Failure `locked`, or `no-namespace` where there is none for the Lease.
 */
export async function takeLock(place: Place, cluster: string, ports: Ports, options: LockOptions): Promise<Lock> {
  const deadline = ports.clock.now() + options.patience;
  await using taken = new AsyncDisposableStack();
  // A cluster may be called like another one's StatefulSet, and one process may be at work on both.
  const token = `${options.token} ${place.statefulSet}`;
  const take = async (of: string): Promise<Lock> =>
    taken.use(await takeLease({ place, name: leaseName(of), cluster }, ports, { ...options, token, deadline }));
  if (cluster === place.statefulSet) {
    const only = await take(cluster);
    taken.move();
    return only;
  }
  // Whoever comes takes them in the same order: two clusters may be called like each other's StatefulSets.
  const isFirst = byText(place.statefulSet, cluster) < 0;
  const first = await take(isFirst ? place.statefulSet : cluster);
  const second = await take(isFirst ? cluster : place.statefulSet);
  const [own, named] = isFirst ? [first, second] : [second, first];
  const both = taken.move();
  return {
    lost: AbortSignal.any([own.lost, named.lost]),
    inherited: own.inherited,
    leave: (note) => own.leave(note),
    [Symbol.asyncDispose]: () => both.disposeAsync(),
  };
}

/**
 * A holder that stops renewing is succeeded after 30 s by the API server's clock, or of standing still as seen from here
 * where that clock cannot be trusted: clocks of two runners may differ, so they are never compared.
 */
async function takeLease(
  { place, name, cluster }: { readonly place: Place; readonly name: string; readonly cluster: string },
  ports: Ports,
  { deadline, ...options }: LockOptions & { readonly deadline: number },
): Promise<Lock> {
  let seen: Sighting = { version: '', since: 0 };
  for (;;) {
    const lease = await ports.kubernetes.readLease(place, name, options);
    const now = ports.clock.now();
    const stoodStill = lease !== null && lease.version === seen.version ? now - seen.since : 0;
    if (lease === null || isExpired(lease, stoodStill) || lease.token === options.token) {
      const note = lease?.note ?? '';
      const state = { holder: options.holder, token: options.token, seconds: LEASE_SECONDS, note };
      const version = lease?.version ?? null;
      const taken = ports.clock.now();
      const written = await ports.kubernetes.writeLease(place, name, state, { version, signal: options.signal });
      if (written === 'written') return holdLock(place, name, ports, { ...options, inherited: note, taken });
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

/** What the Leases of a cluster tell those who never take them. */
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
  const names = [...new Set([place.statefulSet, cluster])].map(leaseName);
  const [own, named = null] = await Promise.all(names.map((name) => kubernetes.readLease(place, name, options)));
  return { holder: holderOf(own ?? null) ?? holderOf(named), note: own?.note || null };
}

function holderOf(lease: Lease | null): string | null {
  return lease === null || isExpired(lease) ? null : lease.holder;
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

function holdLock(
  place: Place,
  name: string,
  ports: Ports,
  {
    holder,
    token,
    inherited,
    taken,
    kept,
  }: Pick<LockOptions, 'holder' | 'token' | 'kept'> & { readonly inherited: string; readonly taken: number },
): Lock {
  const lost = new AbortController();
  const closing = new AbortController();
  let note = inherited;

  const write = (state: { holder: string; token: string }, signal: AbortSignal): Promise<void> =>
    rewrite(ports.kubernetes, { place, name, token }, () => ({ ...state, note }), signal);
  const renew = (): Promise<void> => write({ holder, token }, closing.signal);
  const renewing = keepRenewed(ports.clock, closing.signal, renew, taken).catch((thrown: unknown) => {
    if (!closing.signal.aborted) lost.abort(thrown);
  });

  return {
    lost: lost.signal,
    inherited: inherited === '' ? null : inherited,
    async leave(text) {
      note = text;
      await insist(ports.clock, closing.signal, renew, ports.clock.now() + STANDS);
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

/** A renewal that is under way, or was given up, may change the Lease between an own look and the write after it. */
const WRITES = 3;

/**
 * Writes into the Lease as long as it is this holder's. Throws Failure `lock-lost` where it is not.
 * @param state asked for at each try: a note may be left meanwhile, and an old one must not come back
 */
async function rewrite(
  kubernetes: Kubernetes,
  { place, name, token }: { readonly place: Place; readonly name: string; readonly token: string },
  state: () => Pick<Lease, 'holder' | 'token' | 'note'>,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 0; tries < WRITES; tries += 1) {
    const lease = await kubernetes.readLease(place, name, { signal });
    if (lease !== null && lease.token !== token) throw lostTo(name, lease.holder);
    const version = lease?.version ?? null;
    const next = { ...state(), seconds: LEASE_SECONDS };
    const written = await kubernetes.writeLease(place, name, next, { version, signal });
    if (written === 'written') return;
    if (written === 'no-namespace') throw noNamespace(place);
  }
  throw lostTo(name, 'another run');
}

/** Renews until closed. Throws when somebody else has the lease, or it does not stand any more. */
async function keepRenewed(
  clock: Clock,
  signal: AbortSignal,
  renew: () => Promise<void>,
  taken: number,
): Promise<void> {
  for (let renewed = taken; ; ) {
    await clock.sleep(RENEW_EVERY, { signal });
    renewed = await insist(clock, signal, renew, renewed + STANDS);
  }
}

/**
 * Writes; trouble is met by trying again as long as the lease still stands.
 * @param deadline milliseconds of the clock, after which no try is begun
 * @returns when the one that succeeded was begun
 */
async function insist(
  clock: Clock,
  signal: AbortSignal,
  write: () => Promise<void>,
  deadline: number,
): Promise<number> {
  for (;;) {
    const begun = clock.now();
    try {
      await write();
      return begun;
    } catch (thrown) {
      if (!mayPass(thrown)) throw thrown;
      if (clock.now() + TRY_AGAIN_AFTER >= deadline) throw expired(thrown);
      await clock.sleep(TRY_AGAIN_AFTER, { signal });
    }
  }
}

function lostTo(name: string, holder: string): Failure {
  return new Failure('lock-lost', `The lock ${name} was taken over by ${holder === '' ? 'nobody known' : holder}.`, {
    remedy: 'Look whether that run finished the work; if not, run apply again.',
  });
}

function expired(cause: unknown): Failure {
  const seconds = STANDS / 1000;
  return new Failure('lock-lost', `The lock could not be renewed for ${seconds} s, so another apply may begin.`, {
    remedy: 'Run apply again: it goes on where this one stopped.',
    details: [asFailure(cause).message],
    cause,
  });
}
