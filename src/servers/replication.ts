import { type Pod, podOf } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { parseInfo, type ServerInfo } from '../core/info.ts';
import { text } from '../core/replies.ts';
import type { StepContext } from '../ports/context.ts';
import { ask } from './ask.ts';
import { untilOnPodsNow } from './pods-now.ts';

export async function infoOf(pod: Pod, context: Pick<StepContext, 'redis' | 'stop'>): Promise<ServerInfo> {
  const options = { signal: context.stop };
  const what = `INFO of ${pod.name}`;
  return parseInfo(text(await ask(await context.redis.connection(pod, options), ['INFO'], options), what), what);
}

/**
 * Waits until the replica's link is up and it has come to where the primary was one look before: under writes it never
 * is where the primary is now. (WAIT would need a write on the same connection first.)
 * Throws `changed-meanwhile` where the replica is none any more.
 */
export async function untilSynced(
  context: StepContext,
  wait: { for: string; seconds: number },
  { replica, primary }: { replica: Pod; primary: Pod },
): Promise<void> {
  const remedy =
    'Look at the logs of both pods: a sync that begins again and again often needs a larger output buffer.';
  let primaryWas: number | null = null;
  await untilOnPodsNow(context, { ...wait, remedy }, async (cluster) => {
    const infoNow = (pod: Pod): Promise<ServerInfo> => infoOf(podOf(cluster, pod.name) ?? pod, context);
    const [own, other] = await Promise.all([infoNow(replica), infoNow(primary)]);
    const mark = primaryWas ?? other.offset;
    primaryWas = other.offset;
    if (own.role !== 'replica') throw noReplica(replica, primary);
    if (own.copying) return { done: false, seen: `a full sync is running` };
    if (!own.linkUp) return { done: false, seen: `the link to ${primary.name} is down` };
    if (own.offset < mark) return { done: false, seen: `${mark - own.offset} bytes behind` };
    return { done: true, value: undefined };
  });
}

function noReplica(replica: Pod, primary: Pod): Failure {
  return new Failure(
    'changed-meanwhile',
    `${replica.name} was to follow ${primary.name} and is a primary by now: it has taken over, or its pod came back without its volume.`,
    { remedy: 'Run plan to see what it is now, then apply again.' },
  );
}
