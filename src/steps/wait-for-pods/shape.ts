import { byOrdinal, type Cluster, type Member, ordinalOf, ownAllSlots, type ServerFacts } from '../../core/cluster.ts';
import { remembered } from '../../core/remembered.ts';
import { isNames } from '../fields.ts';
import type { StepKind } from '../kind.ts';
import { podToCome } from '../pods-to-come.ts';

/** Waits until the pods are ready, or can only be once they have joined, their volumes bound, and their servers answer. */
export interface WaitForPods {
  readonly kind: 'wait-for-pods';
  readonly pods: readonly string[];
}

/** Of more pods than this only the first and the last are named. */
const MOST_NAMED = 12;

export const waitForPods: StepKind<WaitForPods> = {
  facts: (_, before) => ({ replicas: before.workload?.replicas ?? 'no StatefulSet' }),

  after(step, before) {
    const awaited = new Set(step.pods);
    const there = new Set(before.pods.map((pod) => pod.name));
    const answering = new Set(before.members.map((member) => member.pod));
    const coming = step.pods.filter((pod) => !there.has(pod)).map((pod) => podToCome(pod, ordinalOf(pod)));
    const pods = [...before.pods, ...coming].map((pod) =>
      awaited.has(pod.name) ? { ...pod, ready: true, deleting: false, trouble: null } : pod,
    );
    const blank = step.pods.filter((pod) => !answering.has(pod)).map(blankMember);
    return {
      ...before,
      pods: pods.toSorted((a, b) => byOrdinal(a.name, b.name)),
      members: [...before.members, ...blank].toSorted((a, b) => byOrdinal(a.pod, b.pod)),
    };
  },

  isDone(step, now) {
    const lacking = podsLacking(now);
    return step.pods.every((pod) => !lacking(pod));
  },

  /** Waiting changes nothing. */
  covers: () => true,

  words({ pods }) {
    const named = pods.length <= MOST_NAMED ? pods.join(', ') : `${pods.length} pods (${pods[0]} to ${pods.at(-1)})`;
    return `Wait until ${named} ${pods.length === 1 ? 'is' : 'are'} ready`;
  },

  rename: (step, name) => ({ ...step, pods: step.pods.map(name).toSorted(byOrdinal) }),

  read({ pods }) {
    return isNames(pods) && pods.length > 0 ? { kind: 'wait-for-pods', pods } : null;
  },
};

/** Tells of a pod whether it is missing, on its way out, without a server that answers, or not ready though it can be. */
export const podsLacking = remembered((cluster: Cluster): ((pod: string) => boolean) => {
  const there = new Set(cluster.pods.filter((pod) => !pod.deleting).map((pod) => pod.name));
  const ready = new Set(cluster.pods.filter((pod) => pod.ready).map((pod) => pod.name));
  const answering = new Set(cluster.members.map((member) => member.pod));
  return (pod) => !there.has(pod) || !answering.has(pod) || (!ready.has(pod) && podsOfWhole(cluster).has(pod));
});

/**
 * Pods whose node is a member of a cluster in which every slot has an owner. There are readiness probes that pass only then (that of
 * the bitnami chart asks for `cluster_state:ok`): to wait for such a pod before it has joined is to wait for ever. Once it has
 * joined it is waited for, before anything else rests on it.
 */
export const podsOfWhole = remembered(({ members }: Cluster): ReadonlySet<string> => {
  const joined = ownAllSlots(members) ? members.filter((member) => member.joined) : [];
  return new Set(joined.map((member) => member.pod));
});

/** The empty node that a new pod starts with. What its server is like, nobody knows yet. */
function blankMember(pod: string): Member {
  return {
    pod,
    id: '',
    joined: false,
    role: 'primary',
    primary: null,
    slots: [],
    configEpoch: 0,
    synced: true,
    facts: UNKNOWN,
  };
}

const UNKNOWN: ServerFacts = {
  address: '',
  software: 'redis',
  version: '',
  keys: 0,
  memory: 0,
  dataset: 0,
  maxMemory: 0,
  evictionPolicy: '',
  persistent: null,
  lag: 0,
};
