import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
