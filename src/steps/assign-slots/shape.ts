/** Gives slots that nobody owns and that hold nothing to a primary. */
export interface AssignSlots {
  readonly kind: 'assign-slots';
  readonly pod: string;
  readonly slots: string;
  readonly count: number;
}
