import type { ApplyManifests } from './apply-manifests/shape.ts';
import type { AssignSlots } from './assign-slots/shape.ts';
import type { DeleteResources } from './delete-resources/shape.ts';
import type { DeleteVolumes } from './delete-volumes/shape.ts';
import type { FailOver } from './fail-over/shape.ts';
import type { Forget } from './forget/shape.ts';
import type { Join } from './join/shape.ts';
import type { MoveSlots } from './move-slots/shape.ts';
import type { Remove } from './remove/shape.ts';
import type { RepairAddress } from './repair-address/shape.ts';
import type { RepairSlots } from './repair-slots/shape.ts';
import type { Replicate } from './replicate/shape.ts';
import type { Scale } from './scale/shape.ts';
import type { WaitForPods } from './wait-for-pods/shape.ts';

/** One step of a plan, exactly as it stands in the plan's JSON. */
export type Step =
  | ApplyManifests
  | Scale
  | WaitForPods
  | RepairAddress
  | RepairSlots
  | Join
  | AssignSlots
  | Replicate
  | FailOver
  | MoveSlots
  | Remove
  | Forget
  | DeleteVolumes
  | DeleteResources;

export type StepKindName = Step['kind'];
