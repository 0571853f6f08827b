/** Creates what the manifests hold, the StatefulSet with its number of pods. */
export interface ApplyManifests {
  readonly kind: 'apply-manifests';
  readonly path: string;
  /** 12 hex digits over the documents. */
  readonly digest: string;
  /** `Kind/name` of each, in the order of applying. */
  readonly resources: readonly string[];
  readonly replicas: number;
}
