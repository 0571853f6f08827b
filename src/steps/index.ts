import type { Cluster } from '../core/cluster.ts';
import { type ApplyManifests, applyManifests } from './apply-manifests/shape.ts';
import { type AssignSlots, assignSlots } from './assign-slots/shape.ts';
import { type DeleteResources, deleteResources } from './delete-resources/shape.ts';
import { type DeleteVolumes, deleteVolumes } from './delete-volumes/shape.ts';
import { type FailOver, failOver } from './fail-over/shape.ts';
import { isFields } from './fields.ts';
import { type Forget, forget } from './forget/shape.ts';
import { type Join, join } from './join/shape.ts';
import type { Facts, StepKind } from './kind.ts';
import { type MoveSlots, moveSlots } from './move-slots/shape.ts';
import { type Remove, remove } from './remove/shape.ts';
import { type RepairAddress, repairAddress } from './repair-address/shape.ts';
import { type RepairSlots, repairSlots } from './repair-slots/shape.ts';
import { type Replicate, replicate } from './replicate/shape.ts';
import { type Scale, scale } from './scale/shape.ts';
import { type WaitForPods, waitForPods } from './wait-for-pods/shape.ts';

interface StepsByKind {
  readonly 'apply-manifests': ApplyManifests;
  readonly scale: Scale;
  readonly 'wait-for-pods': WaitForPods;
  readonly 'repair-address': RepairAddress;
  readonly 'repair-slots': RepairSlots;
  readonly join: Join;
  readonly 'assign-slots': AssignSlots;
  readonly replicate: Replicate;
  readonly 'fail-over': FailOver;
  readonly 'move-slots': MoveSlots;
  readonly remove: Remove;
  readonly forget: Forget;
  readonly 'delete-volumes': DeleteVolumes;
  readonly 'delete-resources': DeleteResources;
}

export type StepKindName = keyof StepsByKind;

/** Steps of the kinds K; the `kind` is spelled out so that the compiler sees which shape belongs to which step. */
export type StepOf<K extends StepKindName> = { [P in K]: { readonly kind: P } & StepsByKind[P] }[K];

/** One step of a plan, exactly as it stands in the plan's JSON. */
export type Step = StepsByKind[StepKindName];

type Shapes = { readonly [K in StepKindName]: StepKind<StepOf<K>> };

const SHAPES: Shapes = {
  'apply-manifests': applyManifests,
  scale,
  'wait-for-pods': waitForPods,
  'repair-address': repairAddress,
  'repair-slots': repairSlots,
  join,
  'assign-slots': assignSlots,
  replicate,
  'fail-over': failOver,
  'move-slots': moveSlots,
  remove,
  forget,
  'delete-volumes': deleteVolumes,
  'delete-resources': deleteResources,
};

/** What each kind of step answers, asked of a step of any kind. See StepKind for what each means. */
export const KINDS = {
  facts<K extends StepKindName>(step: StepOf<K>, before: Cluster): Facts {
    return shapeOf(step).facts(step, before);
  },
  after<K extends StepKindName>(step: StepOf<K>, before: Cluster): Cluster {
    return shapeOf(step).after(step, before);
  },
  isDone<K extends StepKindName>(step: StepOf<K>, now: Cluster): boolean {
    return shapeOf(step).isDone(step, now);
  },
  covers<K extends StepKindName>(approved: Step, now: StepOf<K>): boolean {
    return isSameKind(now, approved) && shapeOf(now).covers(approved, now);
  },
  words<K extends StepKindName>(step: StepOf<K>): string {
    return shapeOf(step).words(step);
  },
  rename<K extends StepKindName>(step: StepOf<K>, name: (pod: string) => string): StepOf<K> {
    return shapeOf(step).rename(step, name);
  },
  read(json: unknown): Step | null {
    if (!isFields(json)) return null;
    const { kind } = json;
    return isKindName(kind) ? SHAPES[kind].read(json) : null;
  },
} as const;

function shapeOf<K extends StepKindName>(step: StepOf<K>): Shapes[K] {
  return SHAPES[step.kind];
}

function isSameKind<K extends StepKindName>(one: StepOf<K>, other: Step): other is StepOf<K> {
  return one.kind === other.kind;
}

function isKindName(kind: unknown): kind is StepKindName {
  return typeof kind === 'string' && Object.hasOwn(SHAPES, kind);
}
