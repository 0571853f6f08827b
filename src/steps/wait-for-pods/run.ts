import type { Pod } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import { text } from '../../core/replies.ts';
import type { StepContext } from '../../ports/context.ts';
import type { KubernetesView } from '../../ports/kubernetes.ts';
import { until } from '../../ports/until.ts';
import type { WaitForPods } from './shape.ts';

/** Pulled images and provisioned volumes take minutes, and with OrderedReady one pod waits for the other. */
const SECONDS = 600;
const SECONDS_PER_POD = 60;

/** Of more pods only the number is said. */
const MOST_SHOWN = 5;

/**
 * Waits until every pod is ready, its volumes are bound and its server answers PING. It never gives up before its time:
 * a pod that cannot be scheduled now fits as soon as a node is added.
 */
export async function run(step: WaitForPods, context: StepContext): Promise<void> {
  const { kubernetes, topology, stop, tell } = context;
  const wait = {
    for: `${step.pods.length} ${step.pods.length === 1 ? 'pod' : 'pods'} to be ready`,
    seconds: SECONDS + SECONDS_PER_POD * step.pods.length,
    every: 1_000,
    code: 'pods-not-ready',
    remedy: 'Mend what Kubernetes names, then run again: it goes on from here.',
  } as const;
  await until(context, wait, async () => {
    const view = await kubernetes.look(topology.kubernetes, { spreadBy: [], signal: stop });
    const lacks = await Promise.all(step.pods.map((name) => lackOf(name, view, context)));
    const missing = lacks.filter((lack) => lack !== null);
    return missing.length === 0 ? { done: true, value: undefined } : { done: false, seen: shown(missing, view) };
  });
  tell({ kind: 'verified', text: `${step.pods.join(', ')}: ready, volumes bound, answering.` });
}

/** What a pod still lacks, in words; null when it is as it should be. */
async function lackOf(name: string, view: KubernetesView, context: StepContext): Promise<string | null> {
  const pod = view.pods.find((one) => one.name === name);
  if (pod === undefined) return `${name} does not exist yet`;
  if (pod.deleting) return `${name} is being replaced`;
  const unbound = view.volumes.filter((volume) => volume.ordinal === pod.ordinal && !volume.bound);
  if (unbound.length > 0) return `${name} waits for its volume ${unbound.map(claimOf).join(', ')}${reason(pod)}`;
  if (pod.node === null) return `${name} is not scheduled${reason(pod)}`;
  if (!pod.ready) return `${name} is not ready${reason(pod)}`;
  const said = await ping(pod, context);
  return said === 'PONG' ? null : `${name} does not answer PING: ${said}`;
}

function claimOf(volume: { readonly claim: string }): string {
  return volume.claim;
}

function reason(pod: Pod): string {
  return pod.trouble === null ? '' : ` (${pod.trouble})`;
}

/** What the server says to PING; a server that is still loading its data says so. */
async function ping(pod: Pod, { redis, stop }: StepContext): Promise<string> {
  try {
    const connection = await redis.connection(pod, { signal: stop });
    const [answer] = await connection.send([['PING']], { signal: stop, timeout: 5_000 });
    if (answer === undefined) return 'no answer';
    return answer.ok ? text(answer.value, `PING of ${pod.name}`) : answer.error;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'redis-unreachable') return thrown.message;
    throw thrown;
  }
}

function shown(lacks: readonly string[], view: KubernetesView): string {
  const more = lacks.length > MOST_SHOWN ? [`and ${lacks.length - MOST_SHOWN} more`] : [];
  const trouble = view.workload?.trouble === undefined ? [] : [`Kubernetes makes no pods: ${view.workload.trouble}`];
  return [...lacks.slice(0, MOST_SHOWN), ...more, ...trouble].join('; ');
}
