import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CAPABILITY_QUESTION, readCapabilities } from '../src/core/capabilities.ts';
import type { Migration } from '../src/core/topology.ts';
import type { LocalPlatform } from '../test/support/local-platform.ts';
import type { ServerProgram } from '../test/support/servers.ts';
import { answerOf, ended, started } from './child.ts';

/** A way to move a quarter of the slots from three primaries to the fourth, which is empty and has joined. */
export interface Way {
  readonly name: 'cli' | 'cli-100' | 'engine' | 'engine-classic' | 'engine-5ms';
  readonly words: string;
  /** Of no interest on a server that cannot move slots as a whole: there it is the same as another way. */
  readonly onlyWhereAtomic: boolean;
  readonly move: (platform: LocalPlatform) => Promise<Moving>;
}

/** Seconds. */
export interface Moving {
  readonly seconds: number;
  /** Processor time of what moved; null: not known. */
  readonly processor: number | null;
}

export const SHARDS = 4;
const MS = 1_000;

/** The server's own tool as people call it, the same with a larger pipeline, and this engine. */
export const WAYS: readonly Way[] = [
  { name: 'cli', words: 'cli, default', onlyWhereAtomic: false, move: (on) => rebalance(on, []) },
  {
    name: 'cli-100',
    words: 'cli, pipeline 100',
    onlyWhereAtomic: false,
    move: (on) => rebalance(on, ['--cluster-pipeline', '100']),
  },
  { name: 'engine', words: 'this engine', onlyWhereAtomic: false, move: (on) => engine(on, {}) },
  {
    name: 'engine-classic',
    words: 'this engine, method: classic',
    onlyWhereAtomic: true,
    move: (on) => engine(on, { method: 'classic' }),
  },
  {
    name: 'engine-5ms',
    words: 'this engine, maxLatency: 5ms',
    onlyWhereAtomic: false,
    move: (on) => engine(on, { maxLatency: 5 }),
  },
];

/** As the server itself says. */
export async function isAtomic(platform: LocalPlatform, pod: string): Promise<boolean> {
  return (readCapabilities(await platform.call(pod, CAPABILITY_QUESTION))?.atomic ?? null) !== null;
}

/** Its process is started before the time begins: what that takes is another table. */
async function engine(platform: LocalPlatform, migration: Partial<Migration>): Promise<Moving> {
  const ports = platform.pods().map((pod) => platform.port(pod.name));
  const child = await started('engine-process.ts', [ports.join(), JSON.stringify(migration)]);
  try {
    const begun = performance.now();
    const processor = z.number().parse(await answerOf(child, 'begin'));
    return { seconds: (performance.now() - begun) / MS, processor };
  } finally {
    await ended(child);
  }
}

async function rebalance(platform: LocalPlatform, options: readonly string[]): Promise<Moving> {
  const at = `127.0.0.1:${platform.port(`${platform.place.statefulSet}-0`)}`;
  const words = ['--cluster', 'rebalance', at, '--cluster-use-empty-masters', ...options];
  const begun = performance.now();
  const child = spawn(cliOf(platform.server), words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const read = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-2_000);
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}:\n${said}`);
  return { seconds: (performance.now() - begun) / MS, processor: null };
}

/** The tool that came with the server program: beside it, or in PATH. */
function cliOf({ program }: ServerProgram): string {
  const folder = dirname(program);
  const beside = ['cli', 'redis-cli', 'valkey-cli'].map((name) => join(folder, name));
  const found = program.includes('/') ? beside.find((path) => existsSync(path)) : undefined;
  return found ?? (program.includes('valkey') ? 'valkey-cli' : 'redis-cli');
}
