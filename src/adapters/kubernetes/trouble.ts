import type { ClaimObject, EventObject, PodObject } from './shapes.ts';

/** Reasons of a container that is simply on its way. */
const ON_ITS_WAY = new Set(['ContainerCreating', 'PodInitializing', '']);

/** Longer texts (a scheduler's list of many nodes) are cut. */
const LONGEST = 400;

/**
 * Why a pod is not ready, in Kubernetes' own words; null while nothing speaks against it.
 * The pod's own status comes first, for it is of now; events are of some time in the last hour.
 * @param events warnings about the pod and its claims
 */
export function troubleOf(
  pod: PodObject,
  claims: readonly ClaimObject[],
  events: readonly EventObject[],
): string | null {
  const found =
    evicted(pod) ??
    ofContainers(pod) ??
    ofClaims(claims, events) ??
    unscheduled(pod) ??
    latest(pod.metadata.uid, events);
  return found === null ? null : short(found);
}

/** Why a StatefulSet makes no further pods (a quota, an admission plugin). */
export function troubleOfOwner(uid: string, events: readonly EventObject[]): string | null {
  const found = latest(
    uid,
    events.filter((event) => event.reason === 'FailedCreate'),
  );
  return found === null ? null : short(found);
}

function evicted(pod: PodObject): string | null {
  return pod.status.phase === 'Failed' ? join(pod.status.reason || 'Failed', pod.status.message) : null;
}

function unscheduled(pod: PodObject): string | null {
  const condition = pod.status.conditions.find((one) => one.type === 'PodScheduled' && one.status === 'False');
  return condition === undefined ? null : join(condition.reason, condition.message);
}

function ofContainers(pod: PodObject): string | null {
  for (const status of [...pod.status.initContainerStatuses, ...pod.status.containerStatuses]) {
    const waiting = status.state.waiting;
    if (waiting === undefined || ON_ITS_WAY.has(waiting.reason)) continue;
    const last = status.lastState.terminated;
    const ended =
      last === undefined ? '' : `; it last ended with ${last.exitCode} (${join(last.reason, last.message)})`;
    return `container ${status.name}: ${join(waiting.reason, waiting.message)}${ended}`;
  }
  return null;
}

function ofClaims(claims: readonly ClaimObject[], events: readonly EventObject[]): string | null {
  for (const claim of claims) {
    if (claim.status.phase === 'Bound') continue;
    const why = latest(claim.metadata.uid, events);
    if (why !== null) return `volume ${claim.metadata.name}: ${why}`;
    if (claim.status.phase === 'Lost') return `volume ${claim.metadata.name}: Lost`;
  }
  return null;
}

function latest(uid: string, events: readonly EventObject[]): string | null {
  const own = events.filter((event) => event.involvedObject.uid === uid);
  const last = own.toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).at(-1);
  return last === undefined ? null : join(last.reason, last.message);
}

function timeOf(event: EventObject): string {
  return event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
}

function join(reason: string, message: string): string {
  return [reason, message.trim()].filter((part) => part !== '').join(': ');
}

function short(words: string): string {
  const line = words.replace(/\s+/g, ' ');
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
}
