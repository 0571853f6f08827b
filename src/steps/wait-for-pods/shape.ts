/** Waits until the pods are ready, their volumes bound, and their servers answer. */
export interface WaitForPods {
  readonly kind: 'wait-for-pods';
  readonly pods: readonly string[];
}
