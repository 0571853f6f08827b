import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../ports/clock.ts';
import type { Kubernetes } from '../../ports/kubernetes.ts';
import { systemClock } from '../process/clock.ts';
import { Api } from './api.ts';
import { readLease, writeLease } from './lease.ts';
import { look } from './look.ts';
import { Resources } from './resources.ts';
import { applyManifests, deleteResources, deleteVolumes, existing, scale } from './write.ts';

/** The port over a real API server. Opens nothing until it is first asked; idle connections do not hold the process. */
export function createKubernetes(config: KubeConfig, clock: Clock = systemClock): Kubernetes {
  const api = new Api(config, clock);
  const resources = new Resources(api);
  return {
    look: (place, options) => look(api, place, options),
    applyManifests: (place, manifests, options) => applyManifests(api, resources, place, manifests, options),
    scale: (place, change, options) => scale(api, place, change, options),
    deleteVolumes: (place, claims, options) => deleteVolumes(api, place, claims, options),
    deleteResources: (place, refs, options) => deleteResources(api, resources, place, refs, options),
    existing: (place, refs, options) => existing(api, resources, place, refs, options),
    readLease: (place, name, options) => readLease(api, place, name, options),
    writeLease: (place, name, lease, options) => writeLease(api, place, name, lease, options),
  };
}
