import { type Cluster, memberOf, podOf, withMember } from '../../core/cluster.ts';
import { ALL_SLOTS, isEmpty } from '../../core/slots.ts';
import { isName } from '../fields.ts';
import type { StepKind } from '../kind.ts';
import { slotsSeen } from '../seen.ts';

/** Takes a node that owns no slots out of the cluster: it is reset first, then all others forget it. */
export interface Remove {
  readonly kind: 'remove';
  readonly pod: string;
}

export const remove: StepKind<Remove> = {
  facts: (step, before) => ({ [`slots of ${step.pod}`]: slotsSeen(before, step.pod, ALL_SLOTS) }),

  after(step, before) {
    const member = memberOf(before, step.pod);
    if (member === undefined) return before;
    const formerly = formerNodesOf(before, step.pod);
    const facts = { ...member.facts, keys: 0, dataset: 0, lag: 0 };
    const cluster = withMember(before, step.pod, {
      joined: false,
      role: 'primary',
      primary: null,
      slots: [],
      synced: true,
      facts,
    });
    return { ...cluster, strangers: before.strangers.filter((stranger) => !formerly.includes(stranger)) };
  },

  isDone(step, now) {
    const member = memberOf(now, step.pod);
    // A pod that is there and does not answer may be anything.
    const isOut = member === undefined ? podOf(now, step.pod) === undefined : !member.joined;
    return isOut && formerNodesOf(now, step.pod).length === 0;
  },

  covers: (approved, now) => approved.pod === now.pod,

  words: (step) => `Remove ${step.pod} from the cluster`,

  rename: (step, name) => ({ ...step, pod: name(step.pod) }),

  read({ pod }) {
    return isName(pod) ? { kind: 'remove', pod } : null;
  },
};

/**
 * Nodes without slots that the others still know at the address of this pod, where by now another one answers: a run was
 * killed between reset and forgetting, or the pod lost its volume.
 */
export function formerNodesOf(cluster: Cluster, pod: string): Cluster['strangers'] {
  return cluster.strangers.filter((stranger) => stranger.ghostOf === pod && isEmpty(stranger.slots));
}
