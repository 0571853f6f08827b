import { createHash } from 'node:crypto';
import type { Pod } from '../../src/core/cluster.ts';
import { array, isList, type Reply } from '../../src/core/replies.ts';
import type { Answer, Command, Redis } from '../../src/ports/redis.ts';
import { primariesOf, type Servers, sendToOwners } from './dataset.ts';
import { knows, type ServerProgram } from './servers.ts';

/** What else a key has beside its content: absolute expiries, groups of a stream, expiries of a hash's fields. */

const FAR = 4_102_444_800_000;
const untagged = (): string => '';
const TIMEOUT = 60_000;

/** Keys of the kinds that `loadEveryType` leaves out, `each` of every kind, as far as the server knows them. */
export async function loadDetails(
  servers: Servers,
  { each = 20, tagOf = untagged }: { each?: number; tagOf?: (i: number) => string } = {},
): Promise<void> {
  const hasFieldExpiry = await knowsCommand(servers, 'hpexpireat');
  const commands: (readonly [string, Command])[] = [];
  for (let i = 0; i < each; i += 1) {
    const add = (type: string, name: string, ...rest: Command): void => {
      const key = `detail:${type}:${i}${tagOf(i)}`;
      commands.push([key, [name, key, ...rest]]);
    };
    for (let n = 1; n <= 12; n += 1) add('groups', 'XADD', `${n}-1`, 'field', `value ${n}`);
    add('groups', 'XDEL', '3-1');
    add('expires', 'SET', 'value');
    add('expires', 'PEXPIREAT', FAR + i);
    add('geo', 'GEOADD', 13.36 + i / 10, 38.11, 'one', 15.08, 37.5 - i / 10, 'two');
    add('bitmap', 'SETRANGE', i * 11, Buffer.from([255, 0, 129, i]));
    add('float', 'ZADD', 0.1 + i / 3, 'third', '-inf', 'least', 'inf', 'most', 1e17 + i, 'large');
    add('quicklist', 'RPUSH', ...Array.from({ length: 300 }, (_, n) => `${'element'.repeat(8)} ${n}`));
    add('fields', 'HSET', 'stays', i, 'goes', i, 'goes later', i);
    if (!hasFieldExpiry) continue;
    add('fields', 'HPEXPIREAT', FAR + i, 'FIELDS', 1, 'goes');
    add('fields', 'HPEXPIREAT', FAR + 1_000 + i, 'FIELDS', 1, 'goes later');
  }
  const streams = Array.from({ length: each }, (_, i) => `detail:groups:${i}${tagOf(i)}`);
  await sendToOwners(servers, [...commands, ...streams.flatMap(groupsOf)]);
}

/** Keys that are gone in less than a second, and must stay so. */
export async function loadShortLived(servers: Servers, tagOf: (i: number) => string): Promise<void> {
  const keys = Array.from({ length: 500 }, (_, i) => `detail:short-lived:${i}${tagOf(i)}`);
  await sendToOwners(
    servers,
    keys.map((key) => [key, ['SET', key, 'gone soon', 'PX', 800]]),
  );
}

/** Consumer groups, with entries that wait for their confirmation. XGROUP has its key as its third word. */
function groupsOf(key: string): readonly (readonly [string, Command])[] {
  return [
    [key, ['XGROUP', 'CREATE', key, 'group', '0']],
    [key, ['XGROUP', 'CREATE', key, 'idle', '$']],
    [key, ['XREADGROUP', 'GROUP', 'group', 'first', 'COUNT', 5, 'STREAMS', key, '>']],
    [key, ['XREADGROUP', 'GROUP', 'group', 'second', 'COUNT', 2, 'STREAMS', key, '>']],
    [key, ['XACK', key, 'group', '2-1']],
  ];
}

/** A string of 20 MB and a hash of 200,000 fields in the slot of `tag`, on its owner. */
export async function loadBigKeys({ redis }: Pick<Servers, 'redis'>, owner: Pod, tag: string): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT);
  await using connection = await redis.open(owner, { signal });
  const parts = Array.from({ length: 20 }, (_, part): Command => {
    const fields = Array.from({ length: 10_000 }, (_unused, i) => [`${part}:${i}`, `value of ${i}`]).flat();
    return ['HSET', `big:hash:{${tag}}`, ...fields];
  });
  const string: Command = ['SET', `big:string:{${tag}}`, Buffer.alloc(20_000_000, 'twenty megabytes ')];
  for (const answer of await connection.send([...parts, string], { signal, timeout: TIMEOUT })) {
    if (!answer.ok) throw new Error(`${owner.name} takes no big key: ${answer.error}`);
  }
}

/** All that a key is, as a text to be compared, and when it expires. */
export interface Details {
  readonly what: string;
  /** Milliseconds since the epoch; null: never. */
  readonly expires: number | null;
  /** Milliseconds by which that may be wrong: Redis 6.2 tells only how long a key still has to live. */
  readonly within: number;
}

/** The line of configuration that lets a server tell digests of values: before Redis 7 it does anyhow. */
export function withDigests(server: ServerProgram): Readonly<Record<string, string>> {
  return knows(server, 'enable-debug-command yes') ? { 'enable-debug-command': 'yes' } : {};
}

/**
 * Every key of the pod whose name begins with one of the prefixes. The server itself computes the digests, so that big
 * keys cost little; they do not depend on how a value is stored.
 */
export async function detailsOf(redis: Redis, pod: Pod, prefixes: RegExp): Promise<ReadonlyMap<string, Details>> {
  const signal = AbortSignal.timeout(TIMEOUT);
  await using connection = await redis.open(pod, { signal });
  const ask = async (commands: readonly Command[]): Promise<readonly Reply[]> =>
    (await connection.send(commands, { signal, timeout: TIMEOUT })).map(known);
  const [, names] = await ask([['READONLY'], ['KEYS', '*']]);
  const keys = array(names ?? null, 'KEYS')
    .filter((key) => prefixes.test(String(key)))
    .map(String);
  const types = await ask(keys.map((key) => ['TYPE', key]));
  const digests = await ask(keys.map((key) => ['DEBUG', 'DIGEST-VALUE', key]));
  const expiries = await ask(keys.map((key) => ['PEXPIRETIME', key]));
  const [begun = null, ...rest] = await ask([['TIME'], ...keys.map((key): Command => ['PTTL', key]), ['TIME']]);
  const now = milliseconds(begun);
  const within = milliseconds(rest.at(-1) ?? null) - now + 1;
  const others = await ask(keys.map((key, i) => furtherQuestion(key, String(types[i]))));
  return new Map(
    keys.map((key, i): readonly [string, Details] => {
      const what = `${String(types[i])} ${String(digests[i])} ${digestOf(others[i] ?? null)}`;
      const at = expiries[i] ?? null;
      const left = Number(rest[i]);
      if (left < 0) return [key, { what, expires: null, within: 0 }];
      return [key, at === null ? { what, expires: now + left, within } : { what, expires: Number(at), within: 0 }];
    }),
  );
}

/** All that the primaries hold: digests, groups of streams, and when keys and fields expire, the time of the way allowed for. */
export async function keysInWords(servers: Servers, prefixes = /./): Promise<readonly string[]> {
  const primaries = await primariesOf(servers);
  const parts = await Promise.all(primaries.map((pod) => detailsOf(servers.redis, pod, prefixes)));
  const words = parts.flatMap((part) =>
    Array.from(part, ([key, { what, expires }]) => `${key} ${what} ${hour(expires)}`),
  );
  return words.toSorted();
}

/** MIGRATE sends how long a key still has to live, so it may live a little longer: migration/consistency.test.ts has the bound. */
function hour(expires: number | null): number | null {
  return expires === null ? null : Math.round(expires / 3_600_000);
}

/** The reply to TIME: seconds and microseconds. */
function milliseconds(reply: Reply): number {
  const [seconds, micros] = array(reply, 'TIME').map(String).map(Number);
  return (seconds ?? 0) * 1_000 + Math.floor((micros ?? 0) / 1_000);
}

/** What its digest does not show. */
function furtherQuestion(key: string, type: string): Command {
  if (type === 'stream') return ['XINFO', 'STREAM', key, 'FULL', 'COUNT', 0];
  if (key.startsWith('detail:fields')) return ['HPEXPIRETIME', key, 'FIELDS', 3, 'stays', 'goes', 'goes later'];
  return ['TYPE', key];
}

/** Null where the server does not know the command. */
function known(answer: Answer): Reply {
  if (answer.ok) return answer.value;
  if (/unknown command/i.test(answer.error)) return null;
  throw new Error(`A question about keys is answered with: ${answer.error}`);
}

function digestOf(reply: Reply): string {
  return createHash('sha1')
    .update(JSON.stringify(lasting(reply)))
    .digest('hex')
    .slice(0, 16);
}

const TIMES: ReadonlySet<string> = new Set(['seen-time', 'active-time']);

/** When a consumer was last seen is no part of the data: replicas keep a time of their own. */
function lasting(reply: Reply): Reply {
  if (!isList(reply)) return Buffer.isBuffer(reply) ? reply.toString('latin1') : reply;
  return reply.filter((_, i) => !TIMES.has(String(reply[i - 1]))).map(lasting);
}

async function knowsCommand({ pods, redis }: Servers, name: string): Promise<boolean> {
  const [pod] = pods;
  if (pod === undefined) throw new Error('There is no pod.');
  const signal = AbortSignal.timeout(TIMEOUT);
  const connection = await redis.connection(pod, { signal });
  const [answer] = await connection.send([['COMMAND', 'INFO', name]], { signal });
  if (answer === undefined || !answer.ok) return false;
  return isList(answer.value) && isList(answer.value[0] ?? null);
}
