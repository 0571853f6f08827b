/** Makes a pod that owns no slots the replica of a primary, and waits until it has caught up. */
export interface Replicate {
  readonly kind: 'replicate';
  readonly pod: string;
  readonly primary: string;
}
