import { once } from 'node:events';
import process from 'node:process';
import { z } from 'zod';
import { applyOn } from '../test/support/apply.ts';
import { serversByPort } from '../test/support/servers-by-port.ts';
import { topologyOf } from '../test/support/topology.ts';

/**
 * The engine in a process of its own, as fresh as in a run of the action: looks, plans, moves and looks again, as an apply
 * does: `engine-process.ts <ports> <settings of migration as JSON>`. Told `begin` it begins, and answers with the seconds of
 * processor time that it took.
 */
const [ports = '', settings = '{}'] = process.argv.slice(2);
const { method, maxLatency } = z
  .strictObject({
    method: z.enum(['auto', 'atomic', 'classic']).default('auto'),
    maxLatency: z.number().default(20),
  })
  .parse(JSON.parse(settings));

process.once('disconnect', () => process.exit(1));
const servers = serversByPort(ports.split(',').map(Number));
process.send?.('started');
await once(process, 'message');
const before = process.cpuUsage();
await using redis = servers.redis;
const shape = { shards: servers.pods().length, replicas: 0 };
await applyOn(
  { kubernetes: servers.kubernetes, redis },
  topologyOf(servers.place, shape, { migration: { method, maxLatency } }),
);
const { user, system } = process.cpuUsage(before);
process.send?.((user + system) / 1_000_000);
process.disconnect();
