import { parseArgs } from 'node:util';
import type { Journal } from '../src/engine/carry-out.ts';
import { steps } from '../src/plan/plan.ts';
import { grouped } from '../src/report/units.ts';
import { applyOn, look, planOn } from '../test/support/apply.ts';
import { digest, load, losses, primariesOf } from '../test/support/dataset.ts';
import { startLocalPlatform } from '../test/support/local-platform.ts';
import { SERVERS } from '../test/support/servers.ts';
import { topologyOf } from '../test/support/topology.ts';
import { type Bounds, beyond, watchHandles } from './bounds.ts';
import { answerOf, ended, started } from './child.ts';
import { Counter } from './counter.ts';
import { machine, record, table } from './record.ts';
import { CLIENTS_SAW } from './witnesses.ts';

/**
 * `node bench/many-servers.ts --record`: 100 shards of 2 servers, all real and on this machine, are made, filled, looked at, grown to
 * 110 shards and shrunk again by the engine, while clients write and read. Fails where a client sees an error, a key is not as it was, or
 * more is used than the bounds below. Takes about 2 GB of memory, some minutes, and more than two cores: `--shards 50 --more 5` for a
 * smaller one. Redis 6.2 cannot: it binds each of its links to an address, and one address has ports for 28,000 of the 40,000.
 */
const { values: options } = parseArgs({
  options: {
    shards: { type: 'string', default: '100' },
    more: { type: 'string', default: '10' },
    keys: { type: 'string', default: '100000' },
    server: { type: 'string', default: 'redis-7.0' },
    record: { type: 'boolean', default: false },
  },
});
const REPLICAS = 1;
/** A look keeps one connection to each server, and each of the 32 moves that are at work at once has four of its own, or one more for a moment. */
const TO_LOOK: Bounds = { besides: 0, commands: 40 };
const TO_APPLY: Bounds = { besides: 5 * 32, commands: 1_500 };

const shards = Number(options.shards);
const grown = shards + Number(options.more);
const server = SERVERS.find(({ name }) => name === options.server);
if (server === undefined) throw new Error(`REDIS_SERVERS names no ${options.server}.`);
// As in the manifests that people use.
await using platform = await startLocalPlatform({
  server,
  pods: shards * (1 + REPLICAS),
  nodeTimeout: 5_000,
  config: { maxmemory: '64mb', 'repl-backlog-size': '16kb', hz: '10' },
});
await using servers = platform.redis();
const counter = new Counter(servers);
const ground = { kubernetes: platform.kubernetes, redis: counter };
const TOLD: Journal = {
  stage: async (number, planned, work) => {
    const begun = performance.now();
    await work();
    const kinds = [...new Set(planned.map(({ step }) => step.kind))].join(', ');
    const seconds = ((performance.now() - begun) / 1_000).toFixed(2);
    console.error(`  stage ${number}, ${planned.length} × ${kinds}: ${seconds} s`);
  },
  tell: () => undefined,
};
const rows: (readonly string[])[] = [];
const wrong: string[] = [];

await measured(`create ${shards} shards of ${1 + REPLICAS}`, TO_APPLY, () => apply(shards));
await load({ pods: platform.pods(), redis: servers }, { keys: Number(options.keys) });
const filled = await keys();
await measured('look', TO_LOOK, async () => {
  await look(ground, topology(shards));
  return 0;
});
await measured('look and plan, one shard more', TO_LOOK, async () => {
  return steps(await planOn(ground, topology(shards + 1))).length;
});
{
  // In a process of their own, so that what is measured is the engine's.
  const ports = platform.pods().map(({ name }) => platform.port(name));
  const clients = await started('traffic-process.ts', ports.slice(0, 6));
  try {
    await answerOf(clients, 'begin');
    for (const [what, size] of [
      [`grow ${shards} → ${grown} shards`, grown],
      [`shrink ${grown} → ${shards} shards`, shards],
    ] as const) {
      await measured(what, TO_APPLY, () => apply(size));
      const lost = losses(filled, await keys());
      if (lost.length > 0)
        wrong.push(`${what}: ${lost.length} keys are not as they were, such as ${lost.slice(0, 5).join(', ')}`);
    }
    const saw = CLIENTS_SAW.parse(await answerOf(clients, 'end'));
    console.error(`clients saw ${JSON.stringify(saw)}`);
    if (saw.errors + saw.wrong + saw.stale + saw.differences > 0) wrong.push(`clients saw ${JSON.stringify(saw)}`);
  } finally {
    await ended(clients);
  }
}
if (wrong.length > 0) throw new Error(wrong.join('\n'));
const head = ['what', 'steps', 'time', 'processor time', 'connections', 'commands', 'memory'];
await record('many-servers', `${table([head, ...rows])}\n\nOn ${platform.server.name}, ${machine()}.`);

/** @param work gives the number of steps */
async function measured(what: string, bounds: Bounds, work: () => Promise<number>): Promise<void> {
  const before = counter.beginAnew();
  const handles = watchHandles();
  const cpu = process.cpuUsage();
  const pods = platform.pods().length;
  const begun = performance.now();
  const count = await work();
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const { opened, sent, most } = counter.counts;
  const used = { most, more: most - before.open, commands: sent - before.sent, handles: handles.stop() };
  wrong.push(...beyond(used, Math.max(pods, platform.pods().length), bounds).map((excess) => `${what}: ${excess}`));
  const row = [
    what,
    grouped(count),
    `${seconds.toFixed(2)} s`,
    `${((user + system) / 1_000_000).toFixed(2)} s`,
    `${grouped(opened - before.opened)} (most at once ${grouped(most)})`,
    grouped(used.commands),
    `${grouped(process.memoryUsage.rss() / 1_000_000)} MB`,
  ];
  console.error(`${row.join(', ')}, ${used.handles ?? 'unknown'} files and sockets`);
  rows.push(row);
}

async function keys() {
  return digest({ pods: await primariesOf({ pods: platform.pods(), redis: servers }), redis: servers });
}

async function apply(size: number): Promise<number> {
  return steps(await applyOn(ground, topology(size), { journal: TOLD })).length;
}

function topology(size: number) {
  return topologyOf(platform.place, { shards: size, replicas: REPLICAS });
}
