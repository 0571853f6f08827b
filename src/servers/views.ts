import { type Member, podOf } from '../core/cluster.ts';
import { type KnownLines, type NodeLine, type NodeView, parseNodes } from '../core/nodes.ts';
import { text } from '../core/replies.ts';
import type { StepContext } from '../ports/context.ts';
import type { Connection } from '../ports/redis.ts';
import { ask } from './ask.ts';
import { untilOnPodsNow } from './pods-now.ts';

/** What one node says of itself and the others, to be asked by id and by slot. */
export interface View extends NodeView {
  /** All, itself too, by id. */
  readonly nodes: ReadonlyMap<string, NodeLine>;
  /** Slot → the id that it is going to. */
  readonly migrating: ReadonlyMap<number, string>;
  /** Slot → the id that it is coming from. */
  readonly importing: ReadonlyMap<number, string>;
}

export async function viewOf(
  connection: Connection,
  options: { signal: AbortSignal },
  known: KnownLines = new Map(),
): Promise<View> {
  const what = `CLUSTER NODES of ${connection.pod}`;
  const view = parseNodes(text(await ask(connection, ['CLUSTER', 'NODES'], options), what), what, known);
  const marks = (state: 'migrating' | 'importing') =>
    new Map(view.open.filter((mark) => mark.state === state).map((mark) => [mark.slot, mark.peer]));
  return {
    ...view,
    nodes: new Map([view.me, ...view.others].map((node) => [node.id, node])),
    migrating: marks('migrating'),
    importing: marks('importing'),
  };
}

interface Question {
  readonly signal: AbortSignal;
  readonly answer: Promise<View>;
  /** The one after it. */
  next: Promise<View> | null;
}

const UNDER_WAY = new WeakMap<Connection, Question>();

/**
 * As `viewOf`, on behalf of all who ask meanwhile: steps of one stage wait for the same news, and a hundred of them would ask
 * every member a hundred times. Nobody gets an answer to a question that was sent before it asked.
 */
function sharedViewOf(connection: Connection, options: AskedBy): Promise<View> {
  const question = UNDER_WAY.get(connection);
  if (question === undefined || question.signal !== options.signal) return askForAll(connection, options);
  const again = (): Promise<View> => askForAll(connection, options);
  question.next ??= question.answer.then(again, again);
  return question.next;
}

interface AskedBy {
  readonly signal: AbortSignal;
  /** What other members said just now. */
  readonly known: KnownLines;
}

function askForAll(connection: Connection, { signal, known }: AskedBy): Promise<View> {
  const question: Question = { signal, answer: viewOf(connection, { signal }, known), next: null };
  UNDER_WAY.set(connection, question);
  const end = (): void => {
    if (UNDER_WAY.get(connection) === question) UNDER_WAY.delete(connection);
  };
  question.answer.then(end, end);
  return question.answer;
}

/** The views of the members that have joined, by pod. */
export async function viewsOfMembers(
  context: Pick<StepContext, 'cluster' | 'redis'>,
  members: readonly Member[],
  options: { signal: AbortSignal },
): Promise<ReadonlyMap<string, View>> {
  const known: KnownLines = new Map();
  const views = members.map(async (member): Promise<readonly [string, View] | null> => {
    const pod = podOf(context.cluster, member.pod);
    if (pod === undefined) return null;
    return [member.pod, await sharedViewOf(await context.redis.connection(pod, options), { ...options, known })];
  });
  return new Map((await Promise.all(views)).filter((entry) => entry !== null));
}

/**
 * Each node pings one other by chance every second, and the rest only when it has heard nothing of them for half of the node timeout,
 * by gossip either (clusterCron, clusterProcessGossipSection of cluster.c): a role or slots that are not told to all at once take the
 * longer to get around the more nodes there are.
 */
export const SECONDS_PER_MEMBER = 5;

/** Milliseconds. */
const AGAIN = 20_000;

/**
 * Waits until the view of every joined member is as wanted, as many seconds longer as there are members to hear the news. A pod that
 * comes back meanwhile is looked for where it is now.
 * @param wait.again does anew what they are to see, where news alone may not bring it about
 * @param lacks what is not as wanted yet in a view; null when it is
 */
export async function untilAllSee(
  context: StepContext,
  wait: { for: string; seconds: number; every?: number; again?: () => Promise<void> },
  lacks: (view: View, pod: string) => string | null,
): Promise<void> {
  const remedy =
    'Look at the pods named, and whether the pods reach each other on the cluster bus; then run apply again.';
  const joined = context.cluster.members.filter((member) => member.joined);
  const seconds = wait.seconds + joined.length * SECONDS_PER_MEMBER;
  let doneAt = context.clock.now();
  await untilOnPodsNow(context, { ...wait, seconds, remedy }, async (cluster) => {
    if (wait.again !== undefined && context.clock.now() - doneAt >= AGAIN) {
      await wait.again();
      doneAt = context.clock.now();
    }
    const views = await viewsOfMembers({ ...context, cluster }, joined, { signal: context.stop });
    for (const [pod, view] of views) {
      const seen = lacks(view, pod);
      if (seen !== null) return { done: false, seen: `${pod} sees ${seen}` };
    }
    return { done: true, value: undefined };
  });
}
