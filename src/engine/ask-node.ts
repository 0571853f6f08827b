import {
  CAPABILITY_QUESTION,
  DATABASES_QUESTION,
  databasesOf,
  lackedOf,
  MIGRATION_QUESTION,
  readCapabilities,
  UNSENT_QUESTION,
  unsentIn,
  unsentOf,
} from '../core/capabilities.ts';
import type { Pod } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { parseFields, parseInfo } from '../core/info.ts';
import { librariesIn } from '../core/libraries.ts';
import type { NodeAnswer, NodeReport, NodeSilence } from '../core/node-report.ts';
import { type KnownLines, parseNodes } from '../core/nodes.ts';
import { isList, type Reply, text } from '../core/replies.ts';
import { meaningOf, type ServerError } from '../core/server-errors.ts';
import { factsOf } from '../plan/library-facts.ts';
import type { Answer, Command, Connection, Redis } from '../ports/redis.ts';
import { announcedIp } from '../servers/announced-ip.ts';

/** Milliseconds for one pod, from connecting to the last answer. */
const PATIENCE = 5_000;

const QUESTIONS: readonly Command[] = [
  ['INFO'],
  ['CLUSTER', 'NODES'],
  ['CLUSTER', 'INFO'],
  ['CONFIG', 'GET', 'save'],
  CAPABILITY_QUESTION,
  ['CONFIG', 'GET', 'min-replicas-to-write'],
  ['CONFIG', 'GET', 'stop-writes-on-bgsave-error'],
];

const SILENT_BECAUSE: Readonly<Partial<Record<ServerError, NodeSilence['because']>>> = {
  loading: 'loading',
  'no-permission': 'permission',
  'not-authenticated': 'auth',
  busy: 'unreachable',
};

/**
 * Asks one pod's server about itself, in one pipeline. A server that does not answer, or not to this user, is a report;
 * one that answers nonsense is Failure `redis-error`.
 * @param known what other pods' servers said in the same look
 */
export async function askNode(
  redis: Redis,
  pod: Pod,
  stop: AbortSignal,
  known: KnownLines = new Map(),
): Promise<NodeReport> {
  const late = AbortSignal.timeout(PATIENCE);
  const signal = AbortSignal.any([stop, late]);
  try {
    const connection = await redis.connection(pod, { signal });
    const report = readAnswers(pod.name, await connection.send(QUESTIONS, { signal, timeout: PATIENCE }), known);
    if (report.kind !== 'answered') return report;
    return {
      ...report,
      ...(await announcement(report, pod, connection, signal)),
      ...(await limitsOf(report, connection, signal)),
      ...(await lackOfLogin(report, connection, signal)),
      ...(await functionsOf(report, connection, signal)),
    };
  } catch (thrown) {
    stop.throwIfAborted();
    if (late.aborted) return silence(pod.name, 'unreachable', `it did not answer within ${PATIENCE / 1000} s.`);
    if (!(thrown instanceof Failure)) throw thrown;
    if (thrown.code === 'redis-auth') return silence(pod.name, 'auth', thrown.message);
    if (thrown.code === 'redis-unreachable') return silence(pod.name, 'unreachable', thrown.message);
    throw thrown;
  }
}

/** What keeps it from moving slots as a whole although it knows the command. */
async function limitsOf(
  { capabilities }: NodeAnswer,
  connection: Connection,
  signal: AbortSignal,
): Promise<Pick<NodeAnswer, 'capabilities'>> {
  if (capabilities === undefined || capabilities.atomic === null) return {};
  const options = { signal, timeout: PATIENCE };
  const [stats] = await connection.send([UNSENT_QUESTION], options);
  const unsent = unsentOf(unsentIn(stats?.ok === true ? text(stats.value, `INFO of ${connection.pod}`) : null));
  if (capabilities.atomic === 'MIGRATESLOTS') {
    const [chosen] = await connection.send(DATABASES_QUESTION, options);
    const error = chosen?.ok === true ? null : (chosen?.error ?? 'no answer');
    return { capabilities: { ...capabilities, ...unsent, ...databasesOf(error) } };
  }
  const [answer] = await connection.send([MIGRATION_QUESTION], options);
  const lacks = lackedOf(replyOf(answer));
  return { capabilities: { ...capabilities, ...unsent, ...(lacks.length === 0 ? {} : { lacks }) } };
}

/** A user to plan with need not have the right to see them. */
async function functionsOf(
  { info }: NodeAnswer,
  connection: Connection,
  signal: AbortSignal,
): Promise<Pick<NodeAnswer, 'functions'>> {
  if (info.libraries === 0) return {};
  const [answer] = await connection.send([['FUNCTION', 'LIST', 'WITHCODE']], { signal, timeout: PATIENCE });
  if (answer?.ok !== true) return {};
  const libraries = librariesIn(answer.value);
  return libraries === null ? {} : { functions: factsOf(libraries) };
}

/** Another IP than the pod's is a former one, unless it is announced on purpose: then it was configured. */
async function announcement(
  { view }: NodeAnswer,
  pod: Pod,
  connection: Connection,
  signal: AbortSignal,
): Promise<Pick<NodeAnswer, 'announcesIp'>> {
  const { ip } = view.me;
  if (ip === '' || ip === pod.ip) return {};
  return (await announcedIp(connection, { signal, timeout: PATIENCE })) === ip ? { announcesIp: true } : {};
}

/**
 * Of a replica: whether it has no password for its primary, where servers ask for one: so they do when it asks itself, or lets us in
 * by a name. What it has is a secret, of which nothing but whether it is empty leaves this function.
 */
async function lackOfLogin(
  { info }: NodeAnswer,
  connection: Connection,
  signal: AbortSignal,
): Promise<Pick<NodeAnswer, 'hasNoLogin'>> {
  if (info.linkUp) return {};
  const questions: readonly Command[] = [
    ['CONFIG', 'GET', 'masterauth'],
    ['CONFIG', 'GET', 'requirepass'],
    ['ACL', 'WHOAMI'],
  ];
  const [login, asked, user] = await connection.send(questions, { signal, timeout: PATIENCE });
  const name = user?.ok === true ? String(user.value) : 'default';
  const isAsked = (settingOf(asked) ?? '') !== '';
  return settingOf(login) === '' && (isAsked || name !== 'default') ? { hasNoLogin: true } : {};
}

/** What CONFIG GET of one name answers; null where it tells nothing. */
function settingOf(answer: Answer | undefined): string | null {
  return answer?.ok === true && Array.isArray(answer.value) ? String(answer.value[1]) : null;
}

function silence(pod: string, because: NodeSilence['because'], seen: string): NodeSilence {
  return { kind: 'silent', pod, because, seen };
}

function readAnswers(pod: string, answers: readonly Answer[], known: KnownLines): NodeReport {
  const [info, nodes, state, save, commands, minReplicas, stopWrites] = answers;
  const capabilities = readCapabilities(replyOf(commands));
  const needed = [
    ['INFO', info],
    ['CLUSTER NODES', nodes],
    ['CLUSTER INFO', state],
  ] as const;
  for (const [command, answer] of needed) {
    if (answer?.ok !== false) continue;
    const meaning = meaningOf(answer.error);
    if (meaning === 'not-cluster-mode') return { kind: 'not-clustered', pod };
    const because = SILENT_BECAUSE[meaning];
    if (because !== undefined) return silence(pod, because, `${command} is answered with "${answer.error}".`);
    throw new Failure('redis-error', `Redis of pod ${pod} refused ${command}: "${answer.error}".`, {
      remedy:
        meaning === 'unknown-command'
          ? 'The command is renamed (`rename-command`), or this server has none of that name; nothing goes without INFO and CLUSTER. Take the renaming away, and keep people from them by an ACL.'
          : 'Look at the log of that pod, then run again.',
    });
  }
  return {
    kind: 'answered',
    pod,
    info: parseInfo(text(replyOf(info), `INFO of ${pod}`), `INFO of ${pod}`),
    view: parseNodes(text(replyOf(nodes), `CLUSTER NODES of ${pod}`), `CLUSTER NODES of ${pod}`, known),
    stateOk: parseFields(text(replyOf(state), `CLUSTER INFO of ${pod}`)).get('cluster_state') === 'ok',
    savePoints: configured('save', save),
    ...writesNeed(configured('min-replicas-to-write', minReplicas)),
    ...writesStop(configured('stop-writes-on-bgsave-error', stopWrites)),
    ...(capabilities === null ? {} : { capabilities }),
  };
}

/** CONFIG is often forbidden or renamed, and forks answer it with whatever they like: then nobody knows. */
function configured(wanted: string, answer: Answer | undefined): string | null {
  const reply = replyOf(answer);
  const [name, value] = isList(reply) ? reply : [];
  return String(name) === wanted && (typeof value === 'string' || Buffer.isBuffer(value)) ? value.toString() : null;
}

function writesNeed(replicas: string | null): Pick<NodeAnswer, 'minReplicas'> {
  return replicas !== null && /^\d{1,10}$/.test(replicas) ? { minReplicas: Number(replicas) } : {};
}

function writesStop(whenSaveFails: string | null): Pick<NodeAnswer, 'stopsWhenSaveFails'> {
  return whenSaveFails === 'yes' || whenSaveFails === 'no' ? { stopsWhenSaveFails: whenSaveFails === 'yes' } : {};
}

function replyOf(answer: Answer | undefined): Reply {
  return answer?.ok === true ? answer.value : null;
}
