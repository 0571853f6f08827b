/** Lets the others meet a known node again at its new address. */
export interface RepairAddress {
  readonly kind: 'repair-address';
  readonly pod: string;
}
