import { type Cluster, ordinalOf, ownAllSlots, type Stranger, type Volume } from './cluster.ts';
import { isEmpty } from './slots.ts';
import { listed } from './wording.ts';

/** What tells which volumes are kept of pods that are gone. */
export type Keeping = Pick<Cluster, 'workload' | 'pods' | 'volumes' | 'members'>;

/**
 * Volumes whose servers nobody sees: what is on them comes back with their pods. On one that was never bound there is nothing.
 */
export function keptVolumes({ volumes, members }: Keeping): readonly Volume[] {
  const seen = new Set(members.map((member) => ordinalOf(member.pod)));
  return volumes.filter(({ ordinal, bound, deleting }) => bound && !deleting && !seen.has(ordinal));
}

/** What a reset leaves behind, or a pod that lost its volume: it owns nothing, and nobody can find it any more. */
export function isGhost({ ghostOf, nowhere, slots }: Stranger): boolean {
  return (ghostOf !== undefined || nowhere === true) && isEmpty(slots);
}

/**
 * Whether it may be the node of a pod that is gone and whose volume is kept. That others have a link to it is no proof that it is
 * somewhere else, and alive: a link counts from the moment it is tried.
 */
export function mayReturn(stranger: Stranger, seen: Keeping): boolean {
  return !isGhost(stranger) && keptVolumes(seen).length > 0;
}

/** Whether there are volumes that may hold the keys of slots which no pod that answers owns. */
export function mayHoldSlots(seen: Keeping): boolean {
  return keptVolumes(seen).length > 0 && !ownAllSlots(seen.members);
}

export interface WayBack {
  /** What lets their pods run again. */
  readonly back: string;
  /** Which they are. */
  readonly claims: string;
  /** What to do where nothing on them is of worth. */
  readonly away: string;
}

/** How the pods of kept volumes come back, in parts of sentences; null where there are none that Kubernetes does not make by itself. */
export function wayBack(seen: Keeping): WayBack | null {
  const { workload, pods } = seen;
  if (workload === null) return null;
  const there = new Set(pods.map((pod) => pod.ordinal));
  const { firstOrdinal: first, replicas } = workload;
  const away = keptVolumes(seen).filter(
    ({ ordinal }) => !there.has(ordinal) && (ordinal < first || ordinal >= first + replicas),
  );
  const ordinals = away.map(({ ordinal }) => ordinal);
  if (ordinals.length === 0) return null;
  const start = Math.min(first, ...ordinals);
  const size = Math.max(first + replicas - 1, ...ordinals) - start + 1;
  const shift = start < first ? ` and \`ordinals.start\` ${start}` : '';
  const claims = listed(away.map(({ claim }) => claim));
  const one = away.length === 1;
  return {
    back: `Scale the StatefulSet ${workload.name} to ${size} pods${shift}, or declare as many`,
    claims: `${claims} ${one ? 'is' : 'are'} kept of ${one ? 'a pod that is' : 'pods that are'} gone`,
    away: `Where nothing on ${one ? 'it' : 'them'} is needed, delete the PersistentVolumeClaim${one ? '' : 's'} ${claims} by hand`,
  };
}
