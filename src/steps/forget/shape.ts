/** Lets every member forget a node that no pod is and that nobody needs. */
export interface Forget {
  readonly kind: 'forget';
  /** Its node id: there is no pod to name. */
  readonly node: string;
}
