import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { TESTIMONY } from './witnesses.ts';

const FILE = new URL('results.json', import.meta.url);

const MEASURED = TESTIMONY.extend({
  /** Such as redis-7.0. */
  server: z.string(),
  version: z.string(),
  /** Whether the server can move slots as a whole. */
  atomic: z.boolean(),
  scenario: z.string(),
  way: z.string(),
  /** Loaded before, in the whole cluster. */
  keys: z.number(),
  /** Keys that the new primary has at the end. */
  moved: z.number(),
  /** What PING took before anything moved, with the delay between processes. Milliseconds. */
  roundTrip: z.number(),
  /** The median of `times`, whose run all other figures are of. */
  seconds: z.number(),
  times: z.array(z.number()),
  /** Seconds of processor time meanwhile: of the busiest donor, the receiver, and the engine where it is that which moves. */
  processor: z.object({ donor: z.number(), receiver: z.number(), engine: z.number().nullable() }),
  /** And the day. */
  machine: z.string(),
});
export type Measured = z.infer<typeof MEASURED>;

/** What bench/results.json has; nothing where there is no such file yet. */
export async function readResults(): Promise<readonly Measured[]> {
  if (!existsSync(FILE)) return [];
  return z.object({ results: z.array(MEASURED) }).parse(JSON.parse(await readFile(FILE, 'utf8'))).results;
}

export async function writeResults(results: readonly Measured[]): Promise<void> {
  await writeFile(FILE, `${JSON.stringify({ results }, null, 2)}\n`);
}

/** The new ones in place of older ones of the same server, scenario and way; the others stay. */
export function merged(old: readonly Measured[], fresh: readonly Measured[]): readonly Measured[] {
  const keyOf = ({ server, scenario, way }: Measured): string => [server, scenario, way].join(' ');
  const measured = new Set(fresh.map(keyOf));
  return [...old.filter((one) => !measured.has(keyOf(one))), ...fresh];
}

/** Of several runs of the same the one in the middle by time, and the times of all. */
export function middle(runs: readonly Measured[]): Measured {
  const sorted = runs.toSorted((a, b) => a.seconds - b.seconds);
  const found = sorted[Math.floor(sorted.length / 2)];
  if (found === undefined) throw new Error('Nothing was measured.');
  return { ...found, times: runs.flatMap((run) => run.times) };
}

export function resultOf(
  results: readonly Measured[],
  which: { server: string; scenario: string; way: string },
): Measured | undefined {
  return results.find((one) => one.server === which.server && one.scenario === which.scenario && one.way === which.way);
}
