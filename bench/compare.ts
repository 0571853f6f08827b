import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { SERVERS, type ServerProgram } from '../test/support/servers.ts';
import { chartOf } from './chart.ts';
import { measure } from './measure.ts';
import { pageOf } from './page.ts';
import { record } from './record.ts';
import { type Measured, merged, middle, readResults, writeResults } from './results.ts';
import { SCENARIOS, type Scenario, scaled } from './scenarios.ts';
import { WAYS } from './ways.ts';

/**
 * `npm run bench`: three primaries become four, by the server's own tool and by this engine, one after the other on the same
 * data, for every server of REDIS_SERVERS. After `--`:
 *   --only empty,small      scenarios; --servers redis-7.0; --ways cli,engine: likewise a part of them
 *   --runs 3                the middle one of three runs counts
 *   --scale 0.01            a hundredth of the keys, for trying things out
 *   --record                writes bench/results.json, docs/performance.md and its chart; what was not measured stays there
 *   --draw                  measures nothing: the page and the chart from bench/results.json
 */
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    servers: { type: 'string' },
    ways: { type: 'string' },
    runs: { type: 'string', default: '1' },
    scale: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
    draw: { type: 'boolean', default: false },
  },
});
const CHART = new URL('../docs/images/moving-slots.svg', import.meta.url);
const scale = Number(options.scale);
if (options.record && scale !== 1)
  throw new Error('Only what was measured with all keys is recorded: leave --scale out.');

if (options.draw) {
  await show(await readResults());
} else {
  const fresh = await measureAll();
  const results = options.record ? merged(await readResults(), fresh) : fresh;
  if (options.record) await writeResults(results);
  await show(results);
}

async function measureAll(): Promise<readonly Measured[]> {
  const results: Measured[] = [];
  for (const server of named(SERVERS, options.servers)) {
    for (const scenario of named(SCENARIOS, options.only)) {
      results.push(...(await measureWays(server, scaled(scenario, scale))));
    }
  }
  return results;
}

/** Way after way and then all of them again, so that what else the machine does hits all of them. */
async function measureWays(server: ServerProgram, scenario: Scenario): Promise<readonly Measured[]> {
  const runs = new Map<string, Measured[]>();
  for (let run = 0; run < Number(options.runs); run += 1) {
    for (const way of named(WAYS, options.ways)) {
      const result = await measure(server, scenario, way);
      if (result === null) continue;
      console.error(`${server.name}, ${scenario.name}, ${way.words}: ${result.seconds.toFixed(2)} s`);
      runs.set(way.name, [...(runs.get(way.name) ?? []), result]);
    }
  }
  return [...runs.values()].map(middle);
}

async function show(results: readonly Measured[]): Promise<void> {
  await record('compare', pageOf(results));
  if (options.record || options.draw) await writeFile(CHART, chartOf(results));
}

/** Those of the list that `names` has, separated by commas; all where it is left out. Throws where it names what is not there. */
function named<T extends { readonly name: string }>(all: readonly T[], names: string | undefined): readonly T[] {
  if (names === undefined) return all;
  return names.split(',').map((name) => {
    const found = all.find((one) => one.name === name);
    if (found === undefined) throw new Error(`There is no "${name}": ${all.map((one) => one.name).join(', ')}.`);
    return found;
  });
}
