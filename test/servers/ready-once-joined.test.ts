import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/adapters/process/clock.ts';
import type { Pod } from '../../src/core/cluster.ts';
import type { Event } from '../../src/core/events.ts';
import type { Journal } from '../../src/engine/carry-out.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Kubernetes } from '../../src/ports/kubernetes.ts';
import { applyOn } from '../support/apply.ts';
import { type LocalPlatform, startLocalPlatform } from '../support/local-platform.ts';
import { topologyOf } from '../support/topology.ts';

const MORE = { shards: 4, replicas: 0 };

describe('a new pod whose readiness probe passes only in a whole cluster', () => {
  test('joins before it is ready, and is waited for before it gets a slot', async () => {
    await using platform = await startLocalPlatform({ pods: 3 });
    await platform.form({ shards: 3, replicas: 0 });
    await using redis = platform.redis();
    const told: Event[] = [];
    const titles: string[] = [];
    const kubernetes = unready(platform, async (pod) => {
      const state = await platform.call(pod, ['CLUSTER', 'INFO']);
      return String(state).includes('cluster_state:ok');
    });
    await applyOn({ kubernetes, redis }, topologyOf(platform.place, MORE), { journal: journalOf(titles, told) });
    expect(titles).toEqual(['scale', 'wait-for-pods', 'join', 'wait-for-pods', 'move-slots']);
    expect(told).toContainEqual({
      kind: 'note',
      text: expect.stringContaining(
        'Answering, volumes bound, and not ready: redis-cluster-3 (Readiness probe failed)',
      ),
    });
  });

  test('and never passes: the apply fails in words, and no slot goes there', async () => {
    await using platform = await startLocalPlatform({ pods: 4 });
    await platform.form({ shards: 3, replicas: 0 });
    await using redis = platform.redis();
    const titles: string[] = [];
    const kubernetes = unready(platform, async () => false);
    const options = { journal: journalOf(titles, []), clock: hurried(() => titles.includes('wait-for-pods')) };
    await expect(applyOn({ kubernetes, redis }, topologyOf(platform.place, MORE), options)).rejects.toMatchObject({
      code: 'pods-not-ready',
      message: expect.stringContaining(
        'redis-cluster-3 is a member of the cluster and is not ready (Readiness probe failed)',
      ),
    });
    expect(titles).toEqual(['join', 'wait-for-pods']);
  });
});

/** Kubernetes, as it is where the fourth pod has a probe. */
function unready(platform: LocalPlatform, passes: (pod: string) => Promise<boolean>): Kubernetes {
  const probed = async (pod: Pod): Promise<Pod> => {
    if (pod.ordinal < 3 || (await passes(pod.name))) return pod;
    return { ...pod, ready: false, trouble: 'Readiness probe failed' };
  };
  const { kubernetes } = platform;
  return new Proxy(kubernetes, {
    get: (_target, name) => {
      if (name !== 'look') {
        const value: unknown = Reflect.get(kubernetes, name);
        return typeof value === 'function' ? value.bind(kubernetes) : value;
      }
      return async (...asked: Parameters<Kubernetes['look']>) => {
        const view = await kubernetes.look(...asked);
        return { ...view, pods: await Promise.all(view.pods.map(probed)) };
      };
    },
  });
}

function journalOf(titles: string[], told: Event[]): Journal {
  return {
    stage: (_number, planned, work) => {
      titles.push(planned[0]?.step.kind ?? '');
      return work();
    },
    tell: (event) => told.push(event),
  };
}

/** A hundred times as fast once that has begun. */
function hurried(hasBegun: () => boolean): Clock {
  const speed = (): number => (hasBegun() ? 100 : 1);
  return {
    now: () => systemClock.now() * speed(),
    sleep: (milliseconds, options) => systemClock.sleep(milliseconds / speed(), options),
  };
}
