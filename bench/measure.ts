import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalPlatform, startLocalPlatform } from '../test/support/local-platform.ts';
import type { ServerProgram } from '../test/support/servers.ts';
import { countProcessorTime } from './processor-time.ts';
import { machine } from './record.ts';
import type { Measured } from './results.ts';
import { fill, type Scenario } from './scenarios.ts';
import { SlowLink } from './slow-link.ts';
import { isAtomic, SHARDS, type Way } from './ways.ts';
import { Witnesses } from './witnesses.ts';

const KEYS_OF_TRAFFIC = 500;
const PINGS = 51;
const MS = 1_000;
/** And how busy it was with other things. */
const MACHINE = `${machine()}, load ${(loadavg()[0] ?? 0).toFixed(1)} before`;

/**
 * A fresh cluster of three primaries and an empty fourth, the same data each time, one way to move. Checks the result.
 * Null: that way is of no interest on this server.
 */
export async function measure(server: ServerProgram, scenario: Scenario, way: Way): Promise<Measured | null> {
  await using link = new SlowLink(scenario.delay);
  const between = scenario.delay === 0 ? {} : { link: (port: number) => link.inFrontOf(port) };
  await using platform = await startLocalPlatform({ server, pods: SHARDS, ...between });
  const atomic = await isAtomic(platform, podAt(platform, 0));
  if (way.onlyWhereAtomic && !atomic) return null;
  await platform.form({ shards: SHARDS - 1, replicas: 0 });
  await joinLast(platform);
  await filled(platform, scenario);
  const roundTrip = await roundTripTo(platform, podAt(platform, 0));
  await using witnesses = await Witnesses.call(platform, podAt(platform, 0));
  const spent = await countProcessorTime(
    platform,
    platform.pods().map((pod) => pod.name),
  );
  const { seconds, processor } = await way.move(platform);
  const servers = await spent();
  const testimony = await witnesses.hear();
  const moved = await keysOnLast(platform, scenario.keys);
  return {
    server: server.name,
    version: await versionOf(platform),
    atomic,
    scenario: scenario.name,
    way: way.name,
    keys: scenario.keys,
    moved,
    roundTrip,
    seconds,
    times: [seconds],
    processor: { donor: Math.max(...servers.slice(0, -1)), receiver: servers.at(-1) ?? 0, engine: processor },
    machine: MACHINE,
    ...testimony,
  };
}

async function joinLast(platform: LocalPlatform): Promise<void> {
  const last = podAt(platform, SHARDS - 1);
  const names = platform.pods().map((pod) => pod.name);
  await platform.call(last, ['CLUSTER', 'SET-CONFIG-EPOCH', SHARDS]);
  await platform.call(podAt(platform, 0), ['CLUSTER', 'MEET', '127.0.0.1', platform.port(last)]);
  await platform.until(names, (nodes) => !/handshake/.test(nodes) && nodes.trim().split('\n').length === SHARDS);
  await platform.untilInfo(names, 'CLUSTER', /cluster_state:ok/);
}

/** The median of some PINGs, in milliseconds, by the way that everybody takes. */
async function roundTripTo(platform: LocalPlatform, pod: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < PINGS; i += 1) {
    const begun = performance.now();
    await platform.call(pod, ['PING']);
    times.push(performance.now() - begun);
  }
  return times.toSorted((a, b) => a - b)[PINGS >> 1] ?? 0;
}

/** And a moment for what the servers do behind the writes, such as growing their tables. */
async function filled(platform: LocalPlatform, scenario: Scenario): Promise<void> {
  await using redis = platform.redis();
  await fill({ pods: platform.pods(), redis }, scenario);
  if (scenario.keys > 0) await sleep(MS);
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

async function versionOf(platform: LocalPlatform): Promise<string> {
  const info = String(await platform.call(podAt(platform, 0), ['INFO', 'SERVER']));
  return (/^valkey_version:(\S+)/m.exec(info) ?? /^redis_version:(\S+)/m.exec(info))?.[1] ?? 'unknown';
}

function podAt(platform: LocalPlatform, ordinal: number): string {
  return `${platform.place.statefulSet}-${ordinal}`;
}
