import { expect, test } from '@jest/globals';
import { podFrom } from '../../../../src/adapters/kubernetes/pods.ts';
import { POD } from '../../../../src/adapters/kubernetes/shapes.ts';
import type { Place } from '../../../../src/core/topology.ts';

const MB = 1024 * 1024;

const proxy = { name: 'istio-proxy', ports: [{ containerPort: 15_090 }], resources: { limits: { memory: '64Mi' } } };
const redis = { name: 'redis', ports: [{ containerPort: 6379 }], resources: { limits: { memory: '512Mi' } } };
const portless = { name: 'redis', resources: { limits: { memory: '512Mi' } } };

test.each([
  { what: 'the one with the port', containers: [proxy, redis], container: null, limit: 512 * MB },
  {
    what: 'the one that is declared, whatever its port',
    containers: [proxy, portless],
    container: 'redis',
    limit: 512 * MB,
  },
  { what: 'the only one, whatever its port', containers: [portless], container: null, limit: 512 * MB },
  { what: 'none, where any could be meant', containers: [proxy, portless], container: null, limit: null },
  { what: 'none, where it has no limit', containers: [{ name: 'redis' }], container: null, limit: null },
])('the memory limit is that of $what', ({ containers, container, limit }) => {
  const place: Place = { namespace: 'cache', statefulSet: 'a', container, port: 6379, manifests: null };
  const pod = POD.parse({ metadata: { name: 'a-0' }, spec: { containers } });
  expect(podFrom(pod, place, { claims: [], nodes: new Map(), events: [] }).memoryLimit).toBe(limit);
});
