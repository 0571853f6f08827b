import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Does something while a file holds the payload of an event, as the runner leaves it. */
export async function withEventFile<T>(payload: unknown, work: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'event-'));
  try {
    const path = join(folder, 'event.json');
    await writeFile(path, JSON.stringify(payload ?? {}));
    return await work(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}
