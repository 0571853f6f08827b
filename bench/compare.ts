import { writeFile } from 'node:fs/promises';
import { grouped } from '../src/report/units.ts';
import { SERVERS } from '../test/support/servers.ts';
import { type Measured, measure } from './measure.ts';
import { machine, record, table } from './record.ts';
import { WAYS } from './ways.ts';

/**
 * `npm run bench`: three primaries become four, by the server's own tool and by this engine, one after the other on the same
 * data: on an empty cluster and on BENCH_KEYS keys (default 1,000,000) of 100 B, for every server of REDIS_SERVERS.
 * `-- --record` writes docs/performance.md as well.
 */
const KEYS = Number(process.env['BENCH_KEYS'] ?? 1_000_000);
const RESULTS = new URL('results.json', import.meta.url);

const results: Measured[] = [];
for (const server of SERVERS) {
  for (const keys of [0, KEYS]) {
    for (const way of WAYS) {
      const result = await measure(server, way, keys);
      console.error(`${result.server}, ${grouped(keys)} keys, ${result.way}: ${result.seconds.toFixed(2)} s`);
      results.push(result);
    }
  }
}
await writeFile(RESULTS, `${JSON.stringify({ machine: machine(), results }, null, 2)}\n`);
await record('compare', `${tableOf(results)}\n\nOn ${machine()}.`);

function tableOf(all: readonly Measured[]): string {
  const head = ['server', 'keys', 'way', 'time', 'to the engine', 'keys/s', 'PING p50', 'p99', 'max', 'client errors'];
  const rows = all.map((one) => [
    one.server,
    grouped(one.keys),
    one.way,
    `${one.seconds.toFixed(2)} s`,
    `${(one.seconds / engineOf(all, one).seconds).toFixed(2)} ×`,
    one.keys === 0 ? '' : grouped(Math.round(one.moved / one.seconds)),
    ms(one.ping.p50),
    ms(one.ping.p99),
    ms(one.ping.max),
    errorsOf(one),
  ]);
  return table([head, ...rows]);
}

function engineOf(all: readonly Measured[], { server, keys }: Measured): Measured {
  const found = all.find((one) => one.server === server && one.keys === keys && one.way === WAYS.at(-1)?.name);
  if (found === undefined) throw new Error(`There is no measurement of this engine on ${server}.`);
  return found;
}

/** Failed commands, wrong and stale replies and what was lost, of all commands. */
function errorsOf({ clients }: Measured): string {
  const bad = clients.errors + clients.wrong + clients.stale + clients.differences;
  return `${bad} of ${grouped(clients.writes + clients.reads)}`;
}

function ms(time: number): string {
  return `${time.toFixed(time < 10 ? 2 : 0)} ms`;
}
