import type { Pod } from '../core/cluster.ts';
import { parseInfo, type ServerInfo } from '../core/info.ts';
import { text } from '../core/replies.ts';
import { ask } from './ask.ts';
import type { StepContext } from './context.ts';
import { until } from './until.ts';

export async function infoOf(pod: Pod, context: Pick<StepContext, 'redis' | 'stop'>): Promise<ServerInfo> {
  const options = { signal: context.stop };
  const what = `INFO of ${pod.name}`;
  return parseInfo(text(await ask(await context.redis.connection(pod, options), ['INFO'], options), what), what);
}

/**
 * Waits until the replica's link is up and it has come to where the primary was one look before: under writes it never
 * is where the primary is now. (WAIT would need a write on the same connection first.)
 */
export async function untilSynced(
  context: StepContext,
  wait: { for: string; seconds: number },
  { replica, primary }: { replica: Pod; primary: Pod },
): Promise<void> {
  const remedy =
    'Look at the logs of both pods: a sync that begins again and again often needs a larger output buffer.';
  let primaryWas: number | null = null;
  await until(context, { ...wait, remedy }, async () => {
    const [own, other] = await Promise.all([infoOf(replica, context), infoOf(primary, context)]);
    const mark = primaryWas ?? other.offset;
    primaryWas = other.offset;
    if (own.role !== 'replica') return { done: false, seen: `${replica.name} is a primary` };
    if (own.copying) return { done: false, seen: `a full sync is running` };
    if (!own.linkUp) return { done: false, seen: `the link to ${primary.name} is down` };
    if (own.offset < mark) return { done: false, seen: `${mark - own.offset} bytes behind` };
    return { done: true, value: undefined };
  });
}
