import { load } from '../test/support/dataset.ts';
import { type LocalPlatform, startLocalPlatform } from '../test/support/local-platform.ts';
import type { ServerProgram } from '../test/support/servers.ts';
import { SHARDS, type Way } from './ways.ts';
import { type Testimony, Witnesses } from './witnesses.ts';

export interface Measured extends Testimony {
  readonly server: string;
  readonly way: string;
  /** Loaded before, in the whole cluster. */
  readonly keys: number;
  /** Keys that the new primary has at the end. */
  readonly moved: number;
  readonly seconds: number;
}

const BYTES = 100;
const KEYS_OF_TRAFFIC = 500;
const CHUNK = 100_000;
const MS = 1_000;

/** A fresh cluster of three primaries and an empty fourth, the same data each time, one way to move. Checks the result. */
export async function measure(server: ServerProgram, way: Way, keys: number): Promise<Measured> {
  await using platform = await startLocalPlatform({ server, pods: SHARDS });
  await platform.form({ shards: SHARDS - 1, replicas: 0 });
  await joinLast(platform);
  await fill(platform, keys);
  await using witnesses = await Witnesses.call(platform, podAt(platform, 0));
  const begun = performance.now();
  await way.move(platform);
  const seconds = (performance.now() - begun) / MS;
  const testimony = await witnesses.hear();
  const moved = await keysOnLast(platform, keys);
  return { server: server.name, way: way.name, keys, moved, seconds, ...testimony };
}

async function joinLast(platform: LocalPlatform): Promise<void> {
  const last = podAt(platform, SHARDS - 1);
  const names = platform.pods().map((pod) => pod.name);
  await platform.call(last, ['CLUSTER', 'SET-CONFIG-EPOCH', SHARDS]);
  await platform.call(podAt(platform, 0), ['CLUSTER', 'MEET', '127.0.0.1', platform.port(last)]);
  await platform.until(names, (nodes) => !/handshake/.test(nodes) && nodes.trim().split('\n').length === SHARDS);
  await platform.untilInfo(names, 'CLUSTER', /cluster_state:ok/);
}

async function fill(platform: LocalPlatform, keys: number): Promise<void> {
  await using redis = platform.redis();
  const pods = platform.pods();
  for (let done = 0; done < keys; done += CHUNK) {
    await load({ pods, redis }, { keys: Math.min(CHUNK, keys - done), bytes: BYTES, prefix: `key:${done / CHUNK}` });
  }
}

/** Throws unless the last primary has a quarter of the slots, and all together have every key. */
async function keysOnLast(platform: LocalPlatform, keys: number): Promise<number> {
  const counts = await Promise.all(platform.pods().map((pod) => platform.call(pod.name, ['DBSIZE'])));
  const all = counts.map(Number).reduce((a, b) => a + b, 0);
  if (all < keys || all > keys + KEYS_OF_TRAFFIC)
    throw new Error(`There were ${keys} keys before, and ${all} are there now.`);
  const nodes = String(await platform.call(podAt(platform, SHARDS - 1), ['CLUSTER', 'NODES']));
  const own = nodes.split('\n').find((line) => line.includes('myself')) ?? '';
  const slots = own
    .split(' ')
    .slice(8)
    .map((range) => range.split('-').map(Number))
    .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
  if (Math.abs(slots - 16_384 / SHARDS) > 2) throw new Error(`The new primary has ${slots} slots: ${own}`);
  return Number(counts.at(-1) ?? 0);
}

function podAt(platform: LocalPlatform, ordinal: number): string {
  return `${platform.place.statefulSet}-${ordinal}`;
}
