import { directDial } from '../../../src/adapters/redis/dial.ts';
import { createRedis } from '../../../src/adapters/redis/redis.ts';
import type { Pod } from '../../../src/core/cluster.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { LocalKubernetes } from '../../support/local-kubernetes.ts';
import { move, stageOf } from './stage.ts';

// One move in a process of its own, for tests that kill it: worker.ts <ports of the pods> <from> <to> <first> <last>
const [ports = '', from = '', to = '', first = '', last = ''] = process.argv.slice(2);
const portOf = new Map(ports.split(',').map((port, ordinal) => [`redis-cluster-${ordinal}`, Number(port)]));
const pods = [...portOf.keys()].map((name, ordinal): Pod => {
  const where = { ip: '127.0.0.1', node: null, domains: {}, memoryLimit: null };
  return { name, ordinal, uid: name, ready: true, deleting: false, trouble: null, ...where };
});
const nothing = {
  view: () => ({ workload: null, pods, volumes: [], kubernetesNodes: [] }),
  resize: async () => {},
  deleteVolumes: async () => {},
};
const place = { namespace: 'local', statefulSet: 'redis-cluster', container: null, port: 6379, manifests: null };
await using redis = createRedis({
  credentials: {},
  tls: null,
  dial: (pod, options) => directDial(portOf.get(pod.name) ?? 0)(pod, options),
});
const stage = { pods: () => pods, place, kubernetes: new LocalKubernetes(nothing, pods.length) };
const context = await stageOf(stage, redis);
process.stdout.write('moving\n');
await run(move(from, to, [[Number(first), Number(last)]]), context);
