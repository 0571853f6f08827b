/** Takes a node that owns no slots out of the cluster: it is reset first, then all others forget it. */
export interface Remove {
  readonly kind: 'remove';
  readonly pod: string;
}
