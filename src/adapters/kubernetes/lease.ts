import type { Place } from '../../core/topology.ts';
import type { Lease, LeaseState, LeaseWritten } from '../../ports/kubernetes.ts';
import type { Api } from './api.ts';
import { inNamespace } from './paths.ts';
import { LEASE } from './shapes.ts';

/** Beside the holder: the approved steps, for the run that goes on after a crash. */
const NOTE = 'redis-cluster-topology/note';

/** Beside the holder: which process it is. */
const TOKEN = 'redis-cluster-topology/token';

const GROUP = 'coordination.k8s.io';

/** Milliseconds. A holder must notice that it cannot renew before others may take the lease over after its 30 s. */
const PATIENCE = 3_000;

type Options = { readonly signal: AbortSignal };

export async function readLease(api: Api, place: Place, name: string, options: Options): Promise<Lease | null> {
  const at = inNamespace('get', GROUP, 'v1', place.namespace, 'leases', name);
  const lease = await api.read({ ...at, patience: PATIENCE, expected: [404] }, LEASE, options);
  if (lease === null) return null;
  const { metadata, spec } = lease;
  return {
    holder: spec.holderIdentity ?? '',
    token: metadata.annotations[TOKEN] ?? '',
    age: api.now() - (Date.parse(spec.renewTime ?? '') || 0),
    seconds: spec.leaseDurationSeconds ?? 0,
    version: `${metadata.uid}/${metadata.resourceVersion}`,
    note: metadata.annotations[NOTE] ?? '',
  };
}

/**
 * Compare-and-swap on what was read: of two writers one gets 409. A 404 means that a Lease to be replaced was deleted; one to
 * be created gets it where the namespace is not there.
 * The uid belongs to it: a Lease may be created by an update, so that the version of one that was deleted would not stop
 * a write (apiserver's lease strategy, AllowCreateOnUpdate).
 */
export async function writeLease(
  api: Api,
  place: Place,
  name: string,
  lease: LeaseState,
  options: Options & { version: string | null },
): Promise<LeaseWritten> {
  const { version } = options;
  const at = inNamespace(
    version === null ? 'create' : 'update',
    GROUP,
    'v1',
    place.namespace,
    'leases',
    version === null ? null : name,
  );
  const body = { ...documentOf(place, name, lease, version), spec: specOf(lease, api.now()) };
  const { status } = await api.ask({ ...at, body, patience: PATIENCE, expected: [404, 409] }, options);
  if (status === 404 && version === null) return 'no-namespace';
  return status === 404 || status === 409 ? 'beaten' : 'written';
}

function documentOf(place: Place, name: string, lease: LeaseState, version: string | null) {
  const [uid, resourceVersion] = version?.split('/') ?? [];
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'Lease',
    metadata: {
      name,
      namespace: place.namespace,
      annotations: { [NOTE]: lease.note, [TOKEN]: lease.token },
      ...(version === null ? {} : { uid, resourceVersion }),
    },
  };
}

function specOf(lease: LeaseState, now: number) {
  return {
    // An empty holder is not valid: a lease that is given back has none.
    ...(lease.holder === '' ? {} : { holderIdentity: lease.holder }),
    leaseDurationSeconds: lease.seconds,
    // Kubernetes keeps microseconds (MicroTime).
    renewTime: new Date(now).toISOString().replace('Z', '000Z'),
  };
}
