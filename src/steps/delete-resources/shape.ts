/** Deletes what the manifests hold, and the StatefulSet. */
export interface DeleteResources {
  readonly kind: 'delete-resources';
  /** `Kind/name` of each, in the order of deleting. */
  readonly resources: readonly string[];
}
