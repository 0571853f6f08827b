/**
 * Lanes that share some work. After the first error the others are told, so that they begin nothing more; it is thrown when all
 * have come to their end.
 */
export async function inLanes(count: number, lane: (hasFailed: () => boolean) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  const run = async (): Promise<void> => {
    try {
      await lane(() => errors.length > 0);
    } catch (thrown) {
      errors.push(thrown);
    }
  };
  await Promise.all(Array.from({ length: count }, run));
  if (errors.length > 0) throw errors[0];
}

/** Works on `limit` items at a time; the results are in the order of the items. After the first error no item is begun. */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  await inLanes(Math.min(limit, items.length), async (hasFailed) => {
    for (const [i, item] of queue) {
      if (hasFailed()) return;
      results[i] = await work(item);
    }
  });
  return results;
}

/** As Promise.all, but it never ends before all have come to an end: what goes on when it throws would be left unseen. */
export async function allEnded<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
