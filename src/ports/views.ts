import { type Member, podOf } from '../core/cluster.ts';
import { type NodeLine, type NodeView, parseNodes } from '../core/nodes.ts';
import { text } from '../core/replies.ts';
import { ask } from './ask.ts';
import type { StepContext } from './context.ts';
import type { Connection } from './redis.ts';
import { until } from './until.ts';

/** What one node says of itself and the others, to be asked by id and by slot. */
export interface View extends NodeView {
  /** All, itself too, by id. */
  readonly nodes: ReadonlyMap<string, NodeLine>;
  /** Slot → the id that it is going to. */
  readonly migrating: ReadonlyMap<number, string>;
  /** Slot → the id that it is coming from. */
  readonly importing: ReadonlyMap<number, string>;
}

export async function viewOf(connection: Connection, options: { signal: AbortSignal }): Promise<View> {
  const what = `CLUSTER NODES of ${connection.pod}`;
  const view = parseNodes(text(await ask(connection, ['CLUSTER', 'NODES'], options), what), what);
  const marks = (state: 'migrating' | 'importing') =>
    new Map(view.open.filter((mark) => mark.state === state).map((mark) => [mark.slot, mark.peer]));
  return {
    ...view,
    nodes: new Map([view.me, ...view.others].map((node) => [node.id, node])),
    migrating: marks('migrating'),
    importing: marks('importing'),
  };
}

/** The views of the members that have joined, by pod. */
export async function viewsOfMembers(
  context: Pick<StepContext, 'cluster' | 'redis'>,
  members: readonly Member[],
  options: { signal: AbortSignal },
): Promise<ReadonlyMap<string, View>> {
  const views = members.map(async (member): Promise<readonly [string, View] | null> => {
    const pod = podOf(context.cluster, member.pod);
    if (pod === undefined) return null;
    return [member.pod, await viewOf(await context.redis.connection(pod, options), options)];
  });
  return new Map((await Promise.all(views)).filter((entry) => entry !== null));
}

/**
 * Waits until the view of every joined member is as wanted.
 * @param lacks what is not as wanted yet in a view; null when it is
 */
export async function untilAllSee(
  context: StepContext,
  wait: { for: string; seconds: number; every?: number },
  lacks: (view: View, pod: string) => string | null,
): Promise<void> {
  const remedy =
    'Look at the pods named, and whether the pods reach each other on the cluster bus; then run apply again.';
  const joined = context.cluster.members.filter((member) => member.joined);
  await until(context, { ...wait, remedy }, async () => {
    const views = await viewsOfMembers(context, joined, { signal: context.stop });
    for (const [pod, view] of views) {
      const seen = lacks(view, pod);
      if (seen !== null) return { done: false, seen: `${pod} sees ${seen}` };
    }
    return { done: true, value: undefined };
  });
}
