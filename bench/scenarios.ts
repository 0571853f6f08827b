import { createCipheriv } from 'node:crypto';
import type { Command } from '../src/ports/redis.ts';
import { type Servers, sendToOwners } from '../test/support/dataset.ts';

/** What is in the cluster when its slots move, and how far its processes are from each other. */
export interface Scenario {
  readonly name: 'empty' | 'small' | 'large' | 'mix' | 'slow-link';
  readonly words: string;
  readonly keys: number;
  /** Milliseconds that are added to every round trip between processes. */
  readonly delay: number;
  /** The command that writes the key of that number. */
  readonly write: (n: number) => readonly [key: string, Command];
  /** Keys that are written at once: how much this process holds in its memory. */
  readonly chunk: number;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'empty', words: 'no keys', keys: 0, delay: 0, write: small, chunk: 1 },
  { name: 'small', words: '1,000,000 keys of 100 B', keys: 1_000_000, delay: 0, write: small, chunk: 100_000 },
  { name: 'large', words: '10,000 keys of 100 KB', keys: 10_000, delay: 0, write: large, chunk: 400 },
  {
    name: 'mix',
    words: '200,000 strings of 100 B, hashes of 20 fields and lists of 50 items, 0.1 % of 100 times that',
    keys: 200_000,
    delay: 0,
    write: mixed,
    chunk: 10_000,
  },
  {
    name: 'slow-link',
    words: '1,000,000 keys of 100 B, 1 ms between processes',
    keys: 1_000_000,
    delay: 1,
    write: small,
    chunk: 100_000,
  },
];

/** @param scale 0.01: a hundredth of the keys, for trying things out */
export function scaled(scenario: Scenario, scale: number): Scenario {
  return { ...scenario, keys: Math.round(scenario.keys * scale) };
}

export async function fill(servers: Servers, { keys, write, chunk }: Scenario): Promise<void> {
  for (let done = 0; done < keys; done += chunk) {
    const count = Math.min(chunk, keys - done);
    await sendToOwners(
      servers,
      Array.from({ length: count }, (_, i) => write(done + i)),
    );
  }
}

function small(n: number): readonly [string, Command] {
  return [`key:${n}`, ['SET', `key:${n}`, noise(n, 100)]];
}

function large(n: number): readonly [string, Command] {
  return [`key:${n}`, ['SET', `key:${n}`, noise(n, 100_000)]];
}

function mixed(n: number): readonly [string, Command] {
  const times = n % 1_000 === 0 ? 100 : 1;
  const key = `key:${n}`;
  const many = (items: number) => Array.from({ length: items * times }, (_, i) => i);
  if (n % 4 === 1) return [key, ['HSET', key, ...many(20).flatMap((i) => [`field:${i}`, noise(n + i, 30)])]];
  if (n % 4 === 3) return [key, ['RPUSH', key, ...many(50).map((i) => noise(n + i, 20))]];
  return small(n);
}

const POOL = noiseOf(1 << 20);

/** The same bytes in every run, without the repetitions that servers compress before they send a value. */
function noise(n: number, bytes: number): Buffer {
  const at = (n * 7_919) % (POOL.length - bytes);
  return POOL.subarray(at, at + bytes);
}

function noiseOf(bytes: number): Buffer {
  const nothing = Buffer.alloc(16);
  return createCipheriv('aes-128-ctr', nothing, nothing).update(Buffer.alloc(bytes));
}
