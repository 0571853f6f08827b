/** Deletes PersistentVolumeClaims of pods that are gone. */
export interface DeleteVolumes {
  readonly kind: 'delete-volumes';
  readonly volumes: readonly string[];
}
