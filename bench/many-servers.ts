import { parseArgs } from 'node:util';
import type { Journal } from '../src/engine/carry-out.ts';
import { steps } from '../src/plan/plan.ts';
import { grouped } from '../src/report/units.ts';
import { applyOn, look, planOn } from '../test/support/apply.ts';
import { load } from '../test/support/dataset.ts';
import { startLocalPlatform } from '../test/support/local-platform.ts';
import { topologyOf } from '../test/support/topology.ts';
import { Counter } from './counter.ts';
import { machine, record, table } from './record.ts';

/**
 * `node bench/many-servers.ts --record`: 100 shards of 2 servers, all real and on this machine, are made, looked at, grown to
 * 110 shards and shrunk again by the engine. Takes about 2 GB of memory, some minutes, and more than two cores: `--shards 50
 * --more 5` for a smaller one.
 */
const { values: options } = parseArgs({
  options: {
    shards: { type: 'string', default: '100' },
    more: { type: 'string', default: '10' },
    keys: { type: 'string', default: '20000' },
    record: { type: 'boolean', default: false },
  },
});
const REPLICAS = 1;
const shards = Number(options.shards);
const grown = shards + Number(options.more);
// As in the manifests that people use.
await using platform = await startLocalPlatform({
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

await measured(`create ${shards} shards of ${1 + REPLICAS}`, () => apply(shards));
await load({ pods: platform.pods(), redis: servers }, { keys: Number(options.keys) });
await measured('look', async () => {
  await look(ground, topology(shards));
  return 0;
});
await measured('look and plan, one shard more', async () => steps(await planOn(ground, topology(shards + 1))).length);
await measured(`grow ${shards} → ${grown} shards`, () => apply(grown));
await measured(`shrink ${grown} → ${shards} shards`, () => apply(shards));
const head = ['what', 'steps', 'time', 'processor time', 'connections', 'commands', 'memory'];
await record('many-servers', `${table([head, ...rows])}\n\nOn ${platform.server.name}, ${machine()}.`);

/** @param work gives the number of steps */
async function measured(what: string, work: () => Promise<number>): Promise<void> {
  const before = { ...counter.counts };
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const count = await work();
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const { opened, sent, most } = counter.counts;
  const row = [
    what,
    grouped(count),
    `${seconds.toFixed(2)} s`,
    `${((user + system) / 1_000_000).toFixed(2)} s`,
    `${grouped(opened - before.opened)} (most at once ${grouped(most)})`,
    grouped(sent - before.sent),
    `${grouped(process.memoryUsage.rss() / 1_000_000)} MB`,
  ];
  console.error(row.join(', '));
  rows.push(row);
}

async function apply(size: number): Promise<number> {
  return steps(await applyOn(ground, topology(size), { journal: TOLD })).length;
}

function topology(size: number) {
  return topologyOf(platform.place, { shards: size, replicas: REPLICAS });
}
