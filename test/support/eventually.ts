import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `condition` holds, for 30 s at most. */
export async function eventually(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await condition()); await sleep(50)) {
    if (Date.now() > deadline) throw new Error(`Not within 30 s: ${what}`);
  }
}
