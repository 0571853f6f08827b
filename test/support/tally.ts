import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '../../src/ports/redis.ts';
import { namesOfKeys, type Servers, sendToOwners } from './dataset.ts';

const SOURCE = join(import.meta.dirname, '../fixtures/modules/tally.c');

/** A module with a type of its own, built where the tests run; its files go when it is disposed of. */
export class Tally implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tally-'));

  /**
   * Builds it, and gives the path for MODULE LOAD.
   * @param asAWhole says to Valkey that it can be moved as a whole
   */
  build({ version, asAWhole }: { readonly version: number; readonly asAWhole: boolean }): string {
    const file = join(this.#folder, `tally-${version}-${asAWhole}.so`);
    const defines = [`-DVERSION=${version}`, `-DAS_A_WHOLE=${Number(asAWhole)}`];
    const args = ['-shared', '-fPIC', '-Wall', '-Wextra', '-Werror', ...defines, '-o', file, SOURCE];
    const { status, stderr, error } = spawnSync('cc', args, { encoding: 'utf8' });
    if (status === 0) return file;
    throw new Error(
      `No module to test with: cc says "${error?.message ?? stderr}". npm run server installs a compiler.`,
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

type TallyKey = readonly [name: string, value: number, writing: string];

/** For each word a key of the module and one of the server's own types. */
export function tallies(words: readonly string[]): readonly TallyKey[] {
  return words.flatMap((word, i): TallyKey[] => [
    [`tally:{${word}}`, 1_000_000_007 * i - 5, 'TALLY.ADD'],
    [`string:{${word}}`, i, 'SET'],
  ]);
}

/** As `talliesHeld` tells of these keys where each is once. */
export function inWords(keys: readonly TallyKey[]): readonly string[] {
  return keys.map(([name, value]) => `${name} ${value}`).toSorted();
}

export async function writeTallies(servers: Servers, keys: readonly TallyKey[]): Promise<void> {
  await sendToOwners(
    servers,
    keys.map(([name, value, writing]) => [name, [writing, name, value]]),
  );
}

/** Name and value of every such key, once for each of the primaries given that has it; of others nothing. */
export async function talliesHeld({ pods, redis }: Servers): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(60_000);
  const perPod = pods.map(async (pod) => {
    await using connection = await redis.open(pod, { signal });
    const names = (await namesOfKeys({ pods: [pod], redis })).filter((name) => /^(tally|string):/.test(name));
    // Also of slots that were left open, where only clients read that were sent there with ASK.
    const commands = names.flatMap((name): Command[] => [['ASKING'], reading(name)]);
    const answers = await connection.send(commands, { signal });
    return names.map((name, i) => {
      const answer = answers[2 * i + 1];
      return `${name} ${answer?.ok ? String(answer.value) : answer?.error}`;
    });
  });
  return (await Promise.all(perPod)).flat().toSorted();
}

function reading(name: string): Command {
  return name.startsWith('tally:') ? ['TALLY.ADD', name, 0] : ['GET', name];
}
