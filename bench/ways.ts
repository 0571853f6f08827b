import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { applyOn } from '../test/support/apply.ts';
import type { LocalPlatform } from '../test/support/local-platform.ts';
import type { ServerProgram } from '../test/support/servers.ts';
import { topologyOf } from '../test/support/topology.ts';

/** A way to move a quarter of the slots from three primaries to the fourth, which is empty and has joined. */
export interface Way {
  readonly name: string;
  readonly move: (platform: LocalPlatform) => Promise<void>;
}

export const SHARDS = 4;

/** The server's own tool as people call it, the same with a larger pipeline, and this engine with its defaults. */
export const WAYS: readonly Way[] = [
  { name: 'cli, default', move: (platform) => rebalance(platform, []) },
  { name: 'cli, pipeline 100', move: (platform) => rebalance(platform, ['--cluster-pipeline', '100']) },
  { name: 'this engine', move: engine },
];

/** Looks, plans, moves and looks again, as an apply does. */
async function engine(platform: LocalPlatform): Promise<void> {
  await using redis = platform.redis();
  await applyOn(
    { kubernetes: platform.kubernetes, redis },
    topologyOf(platform.place, { shards: SHARDS, replicas: 0 }),
  );
}

async function rebalance(platform: LocalPlatform, options: readonly string[]): Promise<void> {
  const at = `127.0.0.1:${platform.port(`${platform.place.statefulSet}-0`)}`;
  const words = ['--cluster', 'rebalance', at, '--cluster-use-empty-masters', ...options];
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
}

/** The tool that came with the server program: beside it, or in PATH. */
function cliOf({ program }: ServerProgram): string {
  const folder = dirname(program);
  const beside = ['cli', 'redis-cli', 'valkey-cli'].map((name) => join(folder, name));
  const found = program.includes('/') ? beside.find((path) => existsSync(path)) : undefined;
  return found ?? (program.includes('valkey') ? 'valkey-cli' : 'redis-cli');
}
