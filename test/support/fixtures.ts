import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', 'fixtures');

/** The servers whose output is kept: redis-6.2, … */
export const FIXTURE_SERVERS: readonly string[] = readdirSync(ROOT, { withFileTypes: true })
  .flatMap((entry) => (entry.isDirectory() && /^(redis|valkey)-/.test(entry.name) ? [entry.name] : []))
  .toSorted();

/** What a server printed, as `capture-fixtures.ts` kept it. */
export function fixture(server: string, name: string): string {
  return readFileSync(join(ROOT, server, `${name}.txt`), 'utf8');
}
