import type { Pod } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import { parseInfo } from '../../core/info.ts';
import { text } from '../../core/replies.ts';
import type { StepContext } from '../../ports/context.ts';
import type { KubernetesView } from '../../ports/kubernetes.ts';
import type { Command } from '../../ports/redis.ts';
import { until } from '../../servers/until.ts';
import { podsOfWhole, type WaitForPods } from './shape.ts';

/** Pulled images and provisioned volumes take minutes, and with OrderedReady one pod waits for the other. */
const SECONDS = 600;
const SECONDS_PER_POD = 60;

/** Of more pods only the number is said. */
const MOST_SHOWN = 5;

/**
 * Waits until every pod is ready, its volumes are bound and its server answers PING; of a pod whose probe may pass only once it has
 * joined, until its server answers. It never gives up before its time, for a pod that cannot be scheduled now fits as soon as a node is
 * added; unless it is known that no further pod will come.
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
  const states = await until(context, wait, async () => {
    const view = await kubernetes.look(topology.kubernetes, { spreadBy: [], signal: stop });
    const seen = await Promise.all(step.pods.map((name) => stateOf(name, view, context)));
    const lacking = seen.flatMap((state) => (state.kind === 'lacks' ? [state.what] : []));
    if (lacking.length === 0) return { done: true, value: seen };
    await refuseStandstill(step.pods, view, context);
    return { done: false, seen: shown(lacking, view) };
  });
  tellOf(states, tell);
}

function tellOf(states: readonly PodState[], tell: StepContext['tell']): void {
  const ready = states.flatMap((state) => (state.kind === 'ready' ? [state.pod] : []));
  const blank = states.flatMap((state) => (state.kind === 'answers' ? [state] : []));
  if (ready.length > 0) {
    tell({ kind: 'verified', text: `${ready.join(', ')}: ready, volumes bound, answering.` });
  }
  if (blank.length > 0) {
    const each = few(blank.map((state) => `${state.pod}${state.why}`)).join(', ');
    tell({
      kind: 'note',
      text: `Answering, volumes bound, and not ready: ${each}. There are readiness probes that pass only in a whole cluster: once these pods have joined they are waited for again.`,
    });
  }
}

function shown(lacking: readonly string[], view: KubernetesView): string {
  const trouble = view.workload?.trouble === undefined ? [] : [`Kubernetes makes no pods: ${view.workload.trouble}`];
  return [...few(lacking), ...trouble].join('; ');
}

function few(all: readonly string[]): readonly string[] {
  return all.length > MOST_SHOWN ? [...all.slice(0, MOST_SHOWN), `and ${all.length - MOST_SHOWN} more`] : all;
}

/** How far a pod has come. */
type PodState =
  | { readonly kind: 'ready'; readonly pod: string }
  /** Not ready, which it may only become once it has joined, and all else is as it should be. */
  | { readonly kind: 'answers'; readonly pod: string; readonly why: string; readonly uptime: number }
  | { readonly kind: 'lacks'; readonly what: string };

/** Seconds. Until then a server may still become ready by itself, as most do, or end again at once. */
const SETTLED = 15;

async function stateOf(name: string, view: KubernetesView, context: StepContext): Promise<PodState> {
  const pod = view.pods.find((one) => one.name === name);
  if (pod === undefined) return lacks(`${name} does not exist yet`);
  if (pod.deleting) return lacks(`${name} is being replaced`);
  const unbound = view.volumes.filter((volume) => volume.ordinal === pod.ordinal && !volume.bound);
  if (unbound.length > 0) return lacks(`${name} waits for its volume ${unbound.map(claimOf).join(', ')}${why(pod)}`);
  if (pod.node === null) return lacks(`${name} is not scheduled${why(pod)}`);
  if (!pod.ready) return unreadyState(pod, context);
  const [said = 'no answer'] = await answersOf(pod, [['PING']], context);
  return said === 'PONG' ? { kind: 'ready', pod: name } : lacks(`${name} does not answer PING: ${said}`);
}

function lacks(what: string): PodState {
  return { kind: 'lacks', what };
}

function claimOf(volume: { readonly claim: string }): string {
  return volume.claim;
}

function why(pod: Pod): string {
  return pod.trouble === null ? '' : ` (${pod.trouble})`;
}

/** A node that takes the cluster for down by its own word is one that such a probe never passes on; see `podsOfWhole`. */
async function unreadyState(pod: Pod, context: StepContext): Promise<PodState> {
  if (podsOfWhole(context.cluster).has(pod.name)) {
    return lacks(`${pod.name} is a member of the cluster and is not ready${why(pod)}`);
  }
  const unready = lacks(`${pod.name} is not ready${why(pod)}`);
  if (pod.ip === null) return unready;
  const [info = '', state = ''] = await answersOf(pod, [['INFO'], ['CLUSTER', 'INFO']], context);
  if (!info.includes('uptime_in_seconds:') || !state.includes('cluster_state:fail')) return unready;
  const { uptime, loading } = parseInfo(info, `INFO of ${pod.name}`);
  return loading || uptime < SETTLED ? unready : { kind: 'answers', pod: pod.name, why: why(pod), uptime };
}

/** What the server says, be it an error: one that is still loading its data says so. One who cannot be reached says why in place of it. */
async function answersOf(
  pod: Pod,
  questions: readonly Command[],
  { redis, stop }: StepContext,
): Promise<readonly string[]> {
  try {
    const connection = await redis.connection(pod, { signal: stop });
    const answers = await connection.send(questions, { signal: stop, timeout: 5_000 });
    return answers.map((answer) => (answer.ok ? text(answer.value, `an answer of ${pod.name}`) : answer.error));
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'redis-unreachable') return [thrown.message];
    throw thrown;
  }
}

/** Seconds for which the probe of a server that answers may fail before nobody waits for it to pass. */
const PATIENCE = 60;

/**
 * With OrderedReady Kubernetes makes a pod only when the one before it is ready. Where that one's probe passes only once it has joined,
 * none of the others ever comes, and nothing can be joined before all are there.
 * Throws Failure `pods-not-ready`, which names the pod, its probe's words and the ways out.
 */
async function refuseStandstill(wanted: readonly string[], view: KubernetesView, context: StepContext): Promise<void> {
  if (view.workload?.waitsForEachPod !== true) return;
  const there = new Set(view.pods.map((pod) => pod.name));
  const missing = wanted.filter((pod) => !there.has(pod));
  const held = view.pods.find((pod) => !pod.ready && !pod.deleting);
  if (missing.length === 0 || held === undefined) return;
  const probe = held.trouble ?? '';
  if (!probe.includes('Readiness probe failed')) return;
  const state = await stateOf(held.name, view, context);
  if (state.kind !== 'answers' || state.uptime < PATIENCE) return;
  const { name } = view.workload;
  throw new Failure(
    'pods-not-ready',
    `${few(missing).join(', ')} will not come: the StatefulSet ${name} makes one pod after the other (\`podManagementPolicy: OrderedReady\`), and ${held.name} answers, but its readiness probe does not pass (${probe}).`,
    {
      remedy: `A readiness probe that asks for a whole cluster (\`cluster_state:ok\`) passes only once the pod has joined. Change that probe so that it passes on an empty node; or make the StatefulSet anew with \`podManagementPolicy: Parallel\`, under which all pods come at once: \`kubectl delete statefulset ${name} --cascade=orphan\` keeps pods and volumes, then apply it changed. Then run again: it goes on from here.`,
    },
  );
}
