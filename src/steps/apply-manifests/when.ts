import type { When } from '../kind.ts';
import type { ApplyManifests } from './shape.ts';

/** Where there is no StatefulSet, the manifests make one. */
export const whenMissing: When<ApplyManifests> = ({ workload, manifests }, { layout }) => {
  if (workload !== null || manifests === null) return [];
  const resources = manifests.resources.map(({ kind, name }) => `${kind}/${name}`);
  const { path, digest } = manifests;
  return [{ kind: 'apply-manifests', path, digest, resources, replicas: layout.pods.length }];
};
