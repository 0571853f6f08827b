import { createHash } from 'node:crypto';
import type { Pod } from '../../../src/core/cluster.ts';
import { array, isList, type Reply } from '../../../src/core/replies.ts';
import type { Answer, Command, Redis } from '../../../src/ports/redis.ts';

/** All that a key is, readable, and when it and its fields expire; null: never. */
export interface Content {
  readonly what: string;
  readonly expires: readonly (number | null)[];
}

const TIMEOUT = 60_000;

/** Every key of some pods, which must share none. */
export async function contentsOf(redis: Redis, pods: readonly Pod[]): Promise<ReadonlyMap<string, Content>> {
  const whole = new Map<string, Content>();
  for (const pod of pods) {
    for (const [key, content] of await contentsOfPod(redis, pod)) {
      const twice = whole.get(key);
      whole.set(key, twice === undefined ? content : { what: `twice: ${twice.what} and ${content.what}`, expires: [] });
    }
  }
  return whole;
}

/** In what the second differs from the first, in words. */
export function differencesOf(
  wanted: ReadonlyMap<string, Content>,
  found: ReadonlyMap<string, Content>,
  drift: number,
): readonly string[] {
  const keys = new Set([...wanted.keys(), ...found.keys()]);
  return [...keys].flatMap((key) => {
    const [should, is] = [wanted.get(key), found.get(key)];
    if (should === undefined || is === undefined)
      return [
        should === undefined
          ? `${key} is there: ${is?.what.slice(0, 300)}`
          : `${key} is lost: ${should.what.slice(0, 300)}`,
      ];
    if (should.what !== is.what) return [differing(key, should.what, is.what)];
    const late = should.expires.findIndex((at, i) => !isNear(at, is.expires[i] ?? null, drift));
    return late < 0
      ? []
      : [`${key} expires at ${String(is.expires[late])} instead of ${String(should.expires[late])} (${late})`];
  });
}

function differing(key: string, should: string, is: string): string {
  let at = 0;
  while (should[at] === is[at]) at += 1;
  const from = Math.max(0, at - 120);
  return `${key} is …${is.slice(from, at + 200)} instead of …${should.slice(from, at + 200)}`;
}

function isNear(one: number | null, other: number | null, drift: number): boolean {
  if (one === null || other === null) return one === other;
  return Math.abs(one - other) <= drift;
}

async function contentsOfPod(redis: Redis, pod: Pod): Promise<readonly (readonly [string, Content])[]> {
  const signal = AbortSignal.timeout(TIMEOUT);
  await using connection = await redis.open(pod, { signal });
  const ask = (commands: readonly Command[]): Promise<readonly Answer[]> =>
    connection.send(commands, { signal, timeout: TIMEOUT });
  const [, names] = (await ask([['READONLY'], ['KEYS', '*']])).map(replyTo);
  const keys = array(names ?? null, 'KEYS').map(String);
  const types = (await ask(keys.map((key) => ['TYPE', key]))).map((answer) =>
    answer.ok ? String(answer.value) : `on ${pod.name}: ${answer.error}`,
  );
  const values = await ask(keys.map((key, i) => readingOf(key, types[i] ?? '')));
  const ends = await ask(keys.map((key) => ['PEXPIRETIME', key]));
  const fieldsOf = (i: number): readonly string[] =>
    types[i] === 'hash' ? pairsOf(values[i]).map(([name]) => name) : [];
  const fieldEnds = await ask(
    keys.map((key, i): Command => {
      const fields = fieldsOf(i);
      return fields.length === 0 ? ['TYPE', key] : ['HPEXPIRETIME', key, 'FIELDS', fields.length, ...fields];
    }),
  );
  return keys.map((key, i) => [
    key,
    {
      what: `${types[i]} ${wordsOf(types[i] ?? '', values[i])}`,
      expires: [endOf(ends[i]?.ok ? ends[i].value : null), ...listOf(fieldEnds[i]).map(endOf)],
    },
  ]);
}

function endOf(reply: Reply): number | null {
  const at = Number(reply);
  return at < 0 ? null : at;
}

function replyTo(answer: Answer): Reply {
  if (answer.ok) return answer.value;
  throw new Error(`A question about keys is answered with: ${answer.error}`);
}

function listOf(answer: Answer | undefined): readonly Reply[] {
  return answer?.ok === true && isList(answer.value) ? answer.value : [];
}

function readingOf(key: string, type: string): Command {
  if (type === 'list') return ['LRANGE', key, 0, -1];
  if (type === 'set') return ['SMEMBERS', key];
  if (type === 'zset') return ['ZRANGE', key, 0, -1, 'WITHSCORES'];
  if (type === 'hash') return ['HGETALL', key];
  if (type === 'stream') return ['XINFO', 'STREAM', key, 'FULL', 'COUNT', 0];
  return ['GET', key];
}

function pairsOf(answer: Answer | undefined): readonly (readonly [string, string])[] {
  const flat = listOf(answer).map(String);
  const pairs = flat.flatMap((name, i): (readonly [string, string])[] =>
    i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : [],
  );
  return pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function wordsOf(type: string, answer: Answer | undefined): string {
  if (answer?.ok !== true) return `answers ${String(answer?.error)}`;
  if (type === 'string') {
    const value = Buffer.isBuffer(answer.value) ? answer.value.toString('latin1') : String(answer.value);
    return value.length < 2_000
      ? value
      : `${value.length} bytes ${createHash('sha1').update(value, 'latin1').digest('hex')}`;
  }
  if (type === 'set') return JSON.stringify(listOf(answer).map(String).toSorted());
  if (type === 'hash') return JSON.stringify(pairsOf(answer));
  return JSON.stringify(lasting(answer.value));
}

/** How a server stores a stream, and when it last heard of a consumer, is no part of the data. */
const PASSING: ReadonlySet<string> = new Set(['seen-time', 'active-time', 'radix-tree-keys', 'radix-tree-nodes']);

/** One with nothing pending: what a server makes by XCLAIM, or a read that finds nothing, its replicas do not have either. */
function isIdleConsumer(reply: Reply): boolean {
  if (!isList(reply) || String(reply[2]) !== 'seen-time') return false;
  return Number(reply[reply.findIndex((one) => String(one) === 'pel-count') + 1]) === 0;
}

/** Without moments: what was delivered when is a few milliseconds off where the same is done twice. */
function lasting(reply: Reply): unknown {
  if (isList(reply))
    return reply
      .filter((one) => !isIdleConsumer(one))
      .filter((_, i, all) => !PASSING.has(String(all[i - 1])))
      .map(lasting);
  if (typeof reply === 'number' && reply > 1e12) return 'a moment';
  return Buffer.isBuffer(reply) ? reply.toString('latin1') : reply;
}
