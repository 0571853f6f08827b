/** Moves slots with their keys from one primary to another while clients go on. */
export interface MoveSlots {
  readonly kind: 'move-slots';
  readonly from: string;
  readonly to: string;
  readonly slots: string;
  readonly count: number;
}
