import { type Member, memberOf, type Pod, podOf } from '../../core/cluster.ts';
import { Failure } from '../../core/failure.ts';
import { isEmpty } from '../../core/slots.ts';
import type { StepContext } from '../../ports/context.ts';
import { ask } from '../../servers/ask.ts';
import { untilSynced } from '../../servers/replication.ts';
import { until } from '../../servers/until.ts';
import { untilAllSee, type View, viewOf } from '../../servers/views.ts';
import type { FailOver } from './shape.ts';

const TRIES = 4;
/** A manual failover that has not come about after 5 s is given up by the server. */
const SERVER_GIVES_UP = 6;

/**
 * Lets the replica take over from a living primary that hands over in agreement: no write is lost. Never FORCE nor
 * TAKEOVER. Done when every member sees the new primary with the slots and the old one as its replica, linked.
 */
export async function run(step: FailOver, context: StepContext): Promise<void> {
  const parties = partiesOf(step, context);
  const { pod, from, successor, old } = parties;
  for (let tries = 1; !(await isPrimary(pod, context)); tries += 1) {
    await untilSynced(
      context,
      { for: `${step.pod} to catch up with ${step.from}`, seconds: 120 },
      { replica: pod, primary: from },
    );
    if (await tookOver(step, parties, context)) break;
    if (tries === TRIES) throw failed(step, `it did not become primary in ${TRIES} tries of ${SERVER_GIVES_UP} s.`);
    context.tell({
      kind: 'note',
      text: `${step.pod} did not become primary within ${SERVER_GIVES_UP} s; trying again.`,
    });
  }
  await untilAllSee(context, { for: `all members to see ${step.pod} as primary`, seconds: 60 }, (view) => {
    const [now, before] = [view.nodes.get(successor.id), view.nodes.get(old.id)];
    if (now === undefined || now.primary !== null || isEmpty(now.slots)) return `${step.pod} without the slots`;
    return before?.primary === now.id ? null : `${step.from} not yet its replica`;
  });
  await untilSynced(
    context,
    { for: `${step.from} to follow ${step.pod}`, seconds: 600 },
    { replica: from, primary: pod },
  );
  context.tell({ kind: 'verified', text: `${step.pod} is the primary now and ${step.from} its replica, linked.` });
}

interface Parties {
  readonly pod: Pod;
  readonly from: Pod;
  readonly successor: Member;
  readonly old: Member;
}

function partiesOf(step: FailOver, context: StepContext): Parties {
  const [pod, from] = [podOf(context.cluster, step.pod), podOf(context.cluster, step.from)];
  const [successor, old] = [memberOf(context.cluster, step.pod), memberOf(context.cluster, step.from)];
  if (pod !== undefined && from !== undefined && successor !== undefined && old !== undefined) {
    return { pod, from, successor, old };
  }
  throw failed(step, 'one of the two is not there, or its Redis does not answer.');
}

async function isPrimary(pod: Pod, context: StepContext): Promise<boolean> {
  const { me } = await viewFrom(pod, context);
  return me.primary === null && !isEmpty(me.slots);
}

/** Asks for the failover once; false when the server has given up. */
async function tookOver(step: FailOver, { pod, from, old }: Parties, context: StepContext): Promise<boolean> {
  const { me, nodes } = await viewFrom(pod, context);
  if (me.primary !== old.id) throw failed(step, `it is not a replica of ${step.from}.`);
  // Redis says OK to a failover of a primary without slots, and does nothing.
  if (isEmpty(nodes.get(old.id)?.slots ?? [])) throw failed(step, `${from.name} owns no slots.`);
  const connection = await context.redis.connection(pod, { signal: context.stop });
  await ask(connection, ['CLUSTER', 'FAILOVER'], { signal: context.stop });
  try {
    const wait = { for: `${step.pod} to take over from ${step.from}`, seconds: SERVER_GIVES_UP, every: 25, remedy: '' };
    await until(context, wait, async () =>
      (await isPrimary(pod, context)) ? { done: true, value: undefined } : { done: false, seen: 'still a replica' },
    );
    return true;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'timeout') return false;
    throw thrown;
  }
}

async function viewFrom(pod: Pod, context: StepContext): Promise<View> {
  return viewOf(await context.redis.connection(pod, { signal: context.stop }), { signal: context.stop });
}

function failed(step: FailOver, why: string): Failure {
  return new Failure('step-failed', `Cannot let ${step.pod} take over from ${step.from}: ${why}`, {
    remedy: 'Look at both pods in status, then run apply again. The old primary goes on serving.',
  });
}
