import { type Pod, podOf, slotOwners } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { text } from '../core/replies.ts';
import { type Plan, steps } from '../plan/plan.ts';
import type { Command, Connection, Redis } from '../ports/redis.ts';
import type { StepKindName } from '../steps/index.ts';

const ID = '0'.repeat(40);

/** What a move key by key sends: to the donor, to the receiver, and what MIGRATE sends there as the same user. */
const MOVING: readonly Command[] = [
  ['CLUSTER', 'SETSLOT', '0', 'STABLE'],
  ['CLUSTER', 'DELSLOTS', '0'],
  ['CLUSTER', 'COUNTKEYSINSLOT', '0'],
  ['CLUSTER', 'GETKEYSINSLOT', '0', '1'],
  ['MIGRATE', '127.0.0.1', '6379', 'key', '0', '1'],
  ['SELECT', '0'],
  ['RESTORE-ASKING', 'key', '0', 'payload'],
  ['SET', 'key', 'value'],
  ['EXISTS', 'key'],
  ['DEL', 'key'],
  ['ASKING'],
  ['CLIENT', 'LIST'],
  ['CLIENT', 'KILL', 'ID', '1'],
];

/** What each kind of step sends, with arguments that DRYRUN can count. A kind that is not here does not compile. */
const COMMANDS: Readonly<Record<StepKindName, readonly Command[]>> = {
  'apply-manifests': [],
  scale: [],
  'wait-for-pods': [],
  'repair-address': [['CLUSTER', 'MEET', '127.0.0.1', '6379']],
  'repair-slots': [...MOVING, ['CLUSTER', 'BUMPEPOCH']],
  join: [
    ['CLUSTER', 'MEET', '127.0.0.1', '6379'],
    ['CLUSTER', 'SET-CONFIG-EPOCH', '1'],
    ['CLUSTER', 'RESET', 'HARD'],
  ],
  'assign-slots': [
    ['CLUSTER', 'ADDSLOTS', '0'],
    ['CLUSTER', 'SETSLOT', '0', 'STABLE'],
    ['CLUSTER', 'BUMPEPOCH'],
  ],
  replicate: [['CLUSTER', 'REPLICATE', ID]],
  'fail-over': [['CLUSTER', 'FAILOVER']],
  'move-slots': MOVING,
  remove: [['CLUSTER', 'RESET', 'HARD'], ['CLUSTER', 'FORGET', ID], ['FLUSHALL'], ['SAVE']],
  forget: [['CLUSTER', 'FORGET', ID], ['FLUSHALL'], ['SAVE']],
  'delete-volumes': [],
  'delete-resources': [],
};

/** What copies functions to a pod that joins a cluster which may have some. */
const FUNCTIONS: readonly Command[] = [
  ['FUNCTION', 'LIST', 'WITHCODE'],
  ['FUNCTION', 'LOAD', 'REPLACE', 'code'],
];

/** What `migration.method: atomic` sends; a server has one of the two kinds. With `auto` slots move key by key without these rights. */
const ATOMIC: readonly Command[] = [
  ['CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', '0', '0', 'NODE', ID],
  ['CLUSTER', 'GETSLOTMIGRATIONS'],
  ['CLUSTER', 'CANCELSLOTMIGRATIONS'],
  ['CLUSTER', 'MIGRATION', 'STATUS', 'ALL'],
];

function commandsOf(plan: Plan): readonly Command[] {
  const kinds = new Set(steps(plan).map((step) => step.kind));
  const joins = kinds.has('join') && slotOwners(plan.before).length > 0;
  const isAtomic = kinds.has('move-slots') && plan.topology.migration.method === 'atomic';
  return [...[...kinds].flatMap((kind) => COMMANDS[kind]), ...(joins ? FUNCTIONS : []), ...(isAtomic ? ATOMIC : [])];
}

/** Whether the user may send all that a plan needs; `unknown`: the servers would not say (Redis before 7, or no right to ask). */
export type Rights = 'enough' | 'unknown';

/**
 * Asks every member, before the first change, whether the user may run what the plan's steps send (ACL DRYRUN, which runs
 * nothing). Pods that are yet to come have the same users, or the step that needs them says so.
 * Throws Failure `redis-permission` with the commands that are missing.
 */
export async function checkRights(plan: Plan, redis: Redis, options: { signal: AbortSignal }): Promise<Rights> {
  const commands = commandsOf(plan);
  if (commands.length === 0) return 'enough';
  const pods = plan.before.members.flatMap((member) => podOf(plan.before, member.pod) ?? []);
  const checked = await Promise.all(pods.map((pod) => missingOn(pod, commands, redis, options)));
  const missing = checked.filter((one) => one !== null).filter(({ denied }) => denied.length > 0);
  const [first] = missing;
  if (first !== undefined)
    throw notAllowed(
      first,
      missing.map(({ pod }) => pod),
    );
  return checked.includes(null) ? 'unknown' : 'enough';
}

interface Checked {
  readonly pod: string;
  readonly user: string;
  /** `cluster|setslot`, as ACL SETUSER takes them. */
  readonly denied: readonly string[];
}

async function missingOn(
  pod: Pod,
  commands: readonly Command[],
  redis: Redis,
  options: { signal: AbortSignal },
): Promise<Checked | null> {
  const connection = await redis.connection(pod, options);
  const user = await userOf(connection, options);
  if (user === null) return null;
  const answers = await connection.send(
    commands.map((command): Command => ['ACL', 'DRYRUN', user, ...command]),
    options,
  );
  if (answers.some((answer) => !answer.ok && !isAboutCommand(answer.error))) return null;
  const denied = commands.filter((_, i) => {
    const answer = answers[i];
    return answer?.ok === true && text(answer.value, `ACL DRYRUN of ${pod.name}`) !== 'OK';
  });
  return { pod: pod.name, user, denied: [...new Set(denied.map(ruleOf))] };
}

/** Null where the server does not tell: it has no ACLs, or keeps them from this user. */
async function userOf(connection: Connection, options: { signal: AbortSignal }): Promise<string | null> {
  const [answer] = await connection.send([['ACL', 'WHOAMI']], options);
  return answer?.ok === true ? text(answer.value, `ACL WHOAMI of ${connection.pod}`) : null;
}

/** A command that this version does not have is none that will be sent to it. */
function isAboutCommand(error: string): boolean {
  return /command '.*' not found/i.test(error);
}

const CONTAINERS = ['CLIENT', 'CLUSTER', 'FUNCTION'];

function ruleOf([name, word]: Command): string {
  const rule = CONTAINERS.includes(String(name)) ? `${String(name)}|${String(word)}` : String(name);
  return rule.toLowerCase();
}

function notAllowed({ user, denied }: Checked, pods: readonly string[]): Failure {
  const rights = denied.map((rule) => `+${rule}`).join(' ');
  return new Failure(
    'redis-permission',
    `Nothing was changed: the Redis user "${user}" may not run ${denied.join(', ')}, which the plan needs, on ${pods.join(', ')}.`,
    { remedy: `Give it these rights on every server: ACL SETUSER ${user} ~* ${rights} (README, "Rights in Redis").` },
  );
}
