/** Sets the StatefulSet's number of pods; Kubernetes adds and removes at the highest ordinal. */
export interface Scale {
  readonly kind: 'scale';
  readonly from: number;
  readonly to: number;
}
