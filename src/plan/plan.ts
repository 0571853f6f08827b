import type { Cluster } from '../core/cluster.ts';
import type { Failure } from '../core/failure.ts';
import type { Layout } from '../core/layout.ts';
import type { AllowWord } from '../core/request.ts';
import type { Topology } from '../core/topology.ts';
import type { Step } from '../steps/index.ts';
import type { Facts } from '../steps/kind.ts';

/** What is going to be done and why it leads there. A value: carrying it out is the engine's. */
export interface Plan {
  readonly topology: Topology;
  readonly before: Cluster;
  readonly layout: Layout;
  /** One after another; the steps of one stage run at the same time. */
  readonly stages: readonly (readonly PlannedStep[])[];
  /** The cluster after the last step, by thought. */
  readonly after: Cluster;
  readonly dangers: readonly Danger[];
  /**
   * Pods whose roles may be exchanged among them once all are scheduled: those that do not exist yet and, where there are
   * such, those that hold nothing.
   */
  readonly unbound: readonly string[];
  /**
   * Pods that are to come back on the volumes that were kept of them, where the cluster lacks what may be on these. Then the steps
   * end with their coming: what else is to be done is planned from what they bring. Empty for a plan that leads to all that is declared.
   */
  readonly returning: readonly string[];
  /** 12 hex digits over the ordered steps that change something, and their facts. */
  readonly hash: string;
}

export interface PlannedStep {
  readonly step: Step;
  readonly facts: Facts;
}

export interface Danger {
  readonly code: DangerCode;
  readonly text: string;
  /** The word that a run needs to be given for this; null: only to be known. */
  readonly needs: AllowWord | null;
}

export const DANGERS = {
  destroys: 'The cluster and all its data are deleted.',
  'deletes-volumes': 'Volumes are deleted with what is on them.',
  'forgets-nodes': 'Nodes that no pod is are forgotten.',
  'assigns-lost-slots': 'Slots whose keys are lost are given to a primary, empty.',
  'placement-not-kept': 'Pods of one shard share a node or zone and no choice of roles avoids it.',
  'redundancy-lowered': 'A shard has fewer replicas than declared for a while, or from now on.',
  'full-sync': 'Replicas copy a whole shard.',
  'fail-over': 'A shard changes its primary: writes pause for milliseconds.',
  'writes-refused':
    'A primary answers every write with an error: already, or until a replica that leaves it is replaced.',
  'evicting-policy': 'A receiver may evict keys while it gets slots.',
  'rest-unknown':
    'Pods come back on volumes that were kept of them: what is to be done after that is known when they answer.',
  'few-primaries': 'With fewer than three primaries no failover happens by itself.',
  'replicas-owned-elsewhere': 'Something else sets the number of pods back.',
  'replica-reads':
    'Clients that read from replicas do not find keys that are on the move, or that a replica has yet to copy.',
  'memory-tight': 'A receiver of slots gets close to its memory limit.',
  'modules-differ': 'A donor has a module that a receiver lacks: keys of its types cannot move there.',
  'receiver-older': 'A receiver runs an older version than its donor, and may refuse the keys that it writes.',
  'functions-differ':
    'Function libraries of a donor are missing on a receiver, or have other code there: clients that call them get what is there.',
  'large-key': 'A key is so large that moving it holds its donor and receiver up.',
} as const;

export type DangerCode = keyof typeof DANGERS;

/** Either a plan, or why none can be made from what was seen. */
export type Planned =
  | { readonly kind: 'plan'; readonly plan: Plan }
  | {
      readonly kind: 'refused';
      readonly failure: Failure;
      readonly before: Cluster;
      /** What would be done, were it not for the failure; null where that cannot be said. */
      readonly plan: Plan | null;
    };

export function steps(plan: Pick<Plan, 'stages'>): readonly Step[] {
  return plan.stages.flat().map((planned) => planned.step);
}
