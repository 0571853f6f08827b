import { createHash } from 'node:crypto';
import type { Pod } from '../../src/core/cluster.ts';
import { array, number, text } from '../../src/core/replies.ts';
import type { Answer, Command, Connection, Redis, Reply } from '../../src/ports/redis.ts';
import { slotOf } from './cluster-client.ts';

/** Where data is: any platform that has pods and a client for them. */
export interface Servers {
  readonly pods: readonly Pod[];
  readonly redis: Redis;
}

const BATCH = 1_000;
const TIMEOUT = 60_000;

/** Writes `keys` strings of `bytes` each, in pipelines to the owners of their slots. */
export async function load(
  servers: Servers,
  options: { keys: number; bytes?: number; prefix?: string },
): Promise<void> {
  const { keys, bytes = 100, prefix = 'key' } = options;
  const commands = Array.from({ length: keys }, (_, i): [string, Command] => {
    const key = `${prefix}:${i}`;
    return [key, ['SET', key, `${i}:`.padEnd(bytes, 'x')]];
  });
  await sendToOwners(servers, commands);
}

/** Writes keys of every type, with and without a time to live, `each` of every kind. */
export async function loadEveryType(
  servers: Servers,
  options: { each?: number; prefix?: string; tagOf?: (i: number) => string } = {},
): Promise<void> {
  const { each = 50, prefix = 'typed', tagOf = () => '' } = options;
  const commands: [string, Command][] = [];
  for (let i = 0; i < each; i += 1) {
    const at = (type: string): string => `${prefix}:${type}:${i}${tagOf(i)}`;
    const many = Array.from({ length: 5 + (i % 200) }, (_, n) => `${n}:${i}`);
    const add = (key: string, ...rest: Command): void => {
      commands.push([key, [String(rest[0]), key, ...rest.slice(1)]]);
    };
    add(at('string'), 'SET', Buffer.from([0, 255, 13, 10, i % 256]));
    add(at('expiring'), 'SET', `v${i}`, 'PX', 3_600_000 + i);
    add(at('number'), 'SET', i);
    add(at('list'), 'RPUSH', ...many);
    add(at('set'), 'SADD', ...many);
    add(at('intset'), 'SADD', ...many.map((_, n) => n * i));
    add(at('hash'), 'HSET', ...many.flatMap((name) => [name, `value of ${name}`]));
    add(at('zset'), 'ZADD', ...many.flatMap((name, n) => [n / 3, name]));
    add(at('stream'), 'XADD', `${i + 1}-1`, 'field', `value ${i}`);
    add(at('bits'), 'SETBIT', i * 7, 1);
    add(at('hyperloglog'), 'PFADD', ...many);
    add(at('expiring-hash'), 'HSET', 'a', i);
    add(at('expiring-hash'), 'PEXPIRE', 3_600_000 + i);
    add(at('empty'), 'SET', '');
  }
  await sendToOwners(servers, commands);
}

export interface KeyDigest {
  /** Of type and content. */
  readonly digest: string;
  /** Milliseconds since the epoch, to within the time of asking; null: it does not expire. */
  readonly expires: number | null;
}

/** Every key of the pods given, which must not share any, with a digest of what it holds. */
export async function digest(servers: Servers): Promise<ReadonlyMap<string, KeyDigest>> {
  const all = new Map<string, KeyDigest>();
  const twice: string[] = [];
  const perPod = await Promise.all(servers.pods.map((pod) => digestOfPod(servers.redis, pod)));
  for (const keys of perPod) {
    for (const [key, value] of keys) {
      if (all.has(key)) twice.push(key);
      all.set(key, value);
    }
  }
  if (twice.length > 0)
    throw new Error(`${twice.length} keys are on two primaries, such as ${twice.slice(0, 5).join()}`);
  return all;
}

/** What one pod holds, be it a primary or a replica. */
export async function digestOfPod(redis: Redis, pod: Pod): Promise<ReadonlyMap<string, KeyDigest>> {
  const signal = AbortSignal.timeout(TIMEOUT);
  await using connection = await redis.open(pod, { signal });
  await connection.send([['READONLY']], { signal, timeout: TIMEOUT });
  const digests = new Map<string, KeyDigest>();
  const expire = await haveExpiries(connection);
  for await (const keys of scan(connection)) {
    const held = await contentsOf(connection, keys);
    const ttls = expire ? await ask(connection, commandsFor(keys, 'PTTL')) : [];
    const now = Date.now();
    for (const [i, key] of keys.entries()) {
      const ttl = expire ? number(ttls[i] ?? null, 'PTTL') : -1;
      digests.set(key.toString('latin1'), { digest: held[i] ?? '', expires: ttl < 0 ? null : now + ttl });
    }
  }
  return digests;
}

function commandsFor(keys: readonly Buffer[], name: string): readonly Command[] {
  return keys.map((key) => [name, key]);
}

async function haveExpiries(connection: Connection): Promise<boolean> {
  const [info] = await ask(connection, [['INFO', 'keyspace']]);
  return /expires=[1-9]/.test(text(info ?? null, 'INFO keyspace'));
}

/** Type and content of each key in short. Most keys of most tests are strings: the others answer GET with WRONGTYPE. */
async function contentsOf(connection: Connection, keys: readonly Buffer[]): Promise<readonly string[]> {
  const got = await answers(connection, commandsFor(keys, 'GET'));
  const others = keys.filter((_, i) => !(got[i]?.ok ?? false));
  const types = (await ask(connection, commandsFor(others, 'TYPE'))).map(String);
  const contents = await ask(
    connection,
    others.map((key, i) => readCommand(key, types[i] ?? '')),
  );
  let next = 0;
  return got.map((answer) => {
    if (answer.ok) return answer.value === null ? 'none' : `string ${digestOfReply('string', answer.value)}`;
    const type = types[next] ?? '';
    const content = contents[next] ?? null;
    next += 1;
    return `${type} ${digestOfReply(type, content)}`;
  });
}

/**
 * The names of every key of the pods given, sorted, also of slots that were left open: there only clients that are sent to the
 * receiver with ASK can read, and `digest` cannot.
 */
export async function namesOfKeys(servers: Servers): Promise<readonly string[]> {
  const names: string[] = [];
  for (const pod of servers.pods) {
    await using connection = await servers.redis.open(pod, { signal: AbortSignal.timeout(TIMEOUT) });
    // SCAN may name a key twice.
    const held = new Set<string>();
    for await (const keys of scan(connection)) for (const key of keys) held.add(key.toString('latin1'));
    names.push(...held);
  }
  return names.toSorted();
}

async function* scan(connection: Connection): AsyncGenerator<readonly Buffer[]> {
  let cursor = '0';
  do {
    const [found] = await ask(connection, [['SCAN', cursor, 'COUNT', BATCH]]);
    const [next, list] = array(found ?? null, 'SCAN');
    cursor = text(next ?? null, 'SCAN');
    const keys = array(list ?? null, 'SCAN');
    yield keys.map((key) => (Buffer.isBuffer(key) ? key : Buffer.from(String(key))));
  } while (cursor !== '0');
}

/** How two digests differ, in words; empty where they do not. */
export function differences(
  before: ReadonlyMap<string, KeyDigest>,
  after: ReadonlyMap<string, KeyDigest>,
): readonly string[] {
  const found: string[] = [];
  for (const [key, was] of before) {
    const is = after.get(key);
    if (is === undefined) found.push(`${key} is lost`);
    else if (is.digest !== was.digest) found.push(`${key} has changed from ${was.digest} to ${is.digest}`);
    else if ((is.expires === null) !== (was.expires === null)) found.push(`${key} has another time to live`);
    else if (Math.abs((is.expires ?? 0) - (was.expires ?? 0)) > 2_000) found.push(`${key} has another time to live`);
  }
  for (const key of after.keys()) if (!before.has(key)) found.push(`${key} is new`);
  return found;
}

/** Of a run that was killed as it sent one: it is gone by itself after two minutes. */
const CANARY = /^redis-cluster-topology:canary:/;

/** As `differences`, where others may have written further keys meanwhile; keys of the mover's own do not count. */
export function losses(
  before: ReadonlyMap<string, KeyDigest>,
  after: ReadonlyMap<string, KeyDigest>,
): readonly string[] {
  const known = new Map([...before].filter(([key]) => !CANARY.test(key)));
  return differences(known, new Map([...after].filter(([key]) => known.has(key))));
}

/** The pods whose servers say that they are primaries. */
export async function primariesOf(servers: Servers): Promise<readonly Pod[]> {
  const roles = await Promise.all(servers.pods.map((pod) => askOnce(servers.redis, pod, ['ROLE'])));
  return servers.pods.filter((_, i) => String(array(roles[i] ?? null, 'ROLE')[0]) === 'master');
}

/** Sends commands, each with its key, in pipelines to the owners of their slots. */
export async function sendToOwners(
  servers: Servers,
  commands: readonly (readonly [key: string, Command])[],
): Promise<void> {
  const owners = await ownersOfSlots(servers);
  const batches = new Map<Pod, Command[]>();
  for (const [key, command] of commands) {
    const owner = owners[slotOf(key)];
    if (owner === undefined) throw new Error(`No pod owns slot ${slotOf(key)} of ${key}.`);
    const batch = batches.get(owner);
    if (batch === undefined) batches.set(owner, [command]);
    else batch.push(command);
  }
  await Promise.all(Array.from(batches, ([pod, batch]) => sendAll(servers.redis, pod, batch)));
}

/** Sends one command to one pod after the other. */
export async function sendToAll({ pods, redis }: Servers, command: Command): Promise<void> {
  for (const pod of pods) await sendAll(redis, pod, [command]);
}

async function sendAll(redis: Redis, pod: Pod, commands: readonly Command[]): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT);
  await using connection = await redis.open(pod, { signal });
  for (let i = 0; i < commands.length; i += BATCH) await ask(connection, commands.slice(i, i + BATCH));
}

/** Slot → pod, by what each pod says of itself. */
async function ownersOfSlots(servers: Servers): Promise<readonly (Pod | undefined)[]> {
  const owners = Array.from({ length: 16_384 }, (): Pod | undefined => undefined);
  const views = await Promise.all(servers.pods.map((pod) => askOnce(servers.redis, pod, ['CLUSTER', 'NODES'])));
  for (const [i, pod] of servers.pods.entries()) {
    const own =
      String(views[i])
        .split('\n')
        .find((line) => line.includes('myself')) ?? '';
    for (const range of own.split(' ').slice(8)) {
      const [first, last = first] = range.split('-').map(Number);
      for (let slot = first ?? 0; slot <= (last ?? -1); slot += 1) owners[slot] = pod;
    }
  }
  return owners;
}

async function askOnce(redis: Redis, pod: Pod, command: Command): Promise<Reply> {
  const connection = await redis.connection(pod, { signal: AbortSignal.timeout(TIMEOUT) });
  const [reply = null] = await ask(connection, [command]);
  return reply;
}

function answers(connection: Connection, commands: readonly Command[]): Promise<readonly Answer[]> {
  return connection.send(commands, { signal: AbortSignal.timeout(TIMEOUT), timeout: TIMEOUT });
}

async function ask(connection: Connection, commands: readonly Command[]): Promise<readonly Reply[]> {
  return (await answers(connection, commands)).map((answer, i) => {
    if (answer.ok) return answer.value;
    throw new Error(
      `${connection.pod} answers ${String(commands[i]?.[0])} ${String(commands[i]?.[1])} with: ${answer.error}`,
    );
  });
}

function readCommand(key: Buffer, type: string): Command {
  switch (type) {
    case 'string':
      return ['GET', key];
    case 'list':
      return ['LRANGE', key, 0, -1];
    case 'set':
      return ['SMEMBERS', key];
    case 'hash':
      return ['HGETALL', key];
    case 'zset':
      return ['ZRANGE', key, 0, -1, 'WITHSCORES'];
    case 'stream':
      return ['XRANGE', key, '-', '+'];
    default:
      throw new Error(`The type "${type}" of ${key.toString()} is not known here.`);
  }
}

/** Sets and hashes have no order of their own. */
function digestOfReply(type: string, reply: Reply): string {
  const hash = createHash('sha1');
  if (type === 'set' || type === 'hash') {
    const items = array(reply, type).map(String);
    const step = type === 'hash' ? 2 : 1;
    const rows = items.flatMap((_, i) => (i % step === 0 ? [items.slice(i, i + step)] : []));
    hash.update(JSON.stringify(rows.map((row) => JSON.stringify(row)).toSorted()));
  } else if (type === 'zset') {
    // Versions write the same score with more or fewer digits.
    const scored = array(reply, type).map((item, i) => (i % 2 === 0 ? String(item) : Number(String(item))));
    hash.update(JSON.stringify(scored));
  } else {
    feed(reply, (piece) => hash.update(piece));
  }
  return hash.digest('hex').slice(0, 16);
}

function feed(reply: Reply, take: (piece: string | Buffer) => void): void {
  if (Array.isArray(reply)) {
    take(`[${reply.length}`);
    for (const item of reply) feed(item, take);
  } else if (Buffer.isBuffer(reply)) {
    take(`$${reply.length}`);
    take(reply);
  } else {
    take(String(reply));
  }
}
