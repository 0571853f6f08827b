/** Ends an interrupted move of slots: forward to `owner` where keys have moved, else back. */
export interface RepairSlots {
  readonly kind: 'repair-slots';
  /** The pod that owns the slots afterwards. */
  readonly owner: string;
  /** The other pods that hold marks or keys of these slots, by ordinal. */
  readonly others: readonly string[];
  readonly slots: string;
  readonly count: number;
}
