import { expect, test } from '@jest/globals';
import type { Pod } from '../../../src/core/cluster.ts';
import { observe } from '../../../src/engine/observe.ts';
import { estimate } from '../../../src/plan/estimate.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Redis } from '../../../src/ports/redis.ts';
import { commentBody } from '../../../src/report/comment.ts';
import { placeOf, topologyOf } from '../../support/topology.ts';
import { NAME, writtenCluster } from '../../support/written-cluster.ts';

const PODS = 1_000;
/** Of one server, for one look. */
const COMMANDS = 7;
/** What GitHub takes. */
const LONGEST_COMMENT = 65_536;
const CONTEXT = {
  cluster: NAME,
  file: 'topology.yaml',
  runUrl: 'https://github.com/acme/cache/actions/runs/1',
  commit: 'abc',
};

test('1,000 pods are looked at over one connection each, planned for, and shown in a comment that GitHub takes', async () => {
  const { redis, kubernetes } = writtenCluster(PODS, 4);
  const opened: string[] = [];
  let asked = 0;
  const counting: Redis = { ...redis, connection: (pod, options) => counted(pod, redis.connection(pod, options)) };
  async function counted(pod: Pod, opening: ReturnType<Redis['connection']>): ReturnType<Redis['connection']> {
    opened.push(pod.name);
    const connection = await opening;
    return {
      ...connection,
      send: (commands, options) => {
        asked += commands.length;
        return connection.send(commands, options);
      },
    };
  }
  const topology = topologyOf(placeOf(NAME), { shards: 450, replicas: 1 });
  const cluster = await observe(
    topology,
    { redis: counting, kubernetes },
    { manifests: null, signal: new AbortController().signal },
  );
  expect(opened.length).toBe(PODS);
  expect(new Set(opened).size).toBe(PODS);
  expect(asked).toBeLessThanOrEqual(COMMANDS * PODS);
  const made = makePlan(topology, cluster);
  if (made.kind === 'refused') throw made.failure;
  const { plan } = made;
  const body = commentBody(
    { kind: 'planned', plan, estimate: estimate(plan, new Map()), missing: [], underWay: null },
    CONTEXT,
  );
  expect(body.length).toBeLessThan(LONGEST_COMMENT);
  // The shards of which most changes; the others in a sentence.
  expect(body.match(/^\| `redis-cluster-\d+`.*$/gm)).toHaveLength(16);
  expect(body).toContain('442 more shards get 1 to 5 slots each, 42 more shards give 32 to 36 slots each.');
});
