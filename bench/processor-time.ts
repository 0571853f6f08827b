import type { LocalPlatform } from '../test/support/local-platform.ts';

/** Begins to count the processor time of servers; what it returns ends that, in seconds, by the order given. */
export async function countProcessorTime(
  platform: LocalPlatform,
  pods: readonly string[],
): Promise<() => Promise<readonly number[]>> {
  const before = await Promise.all(pods.map((pod) => ofServer(platform, pod)));
  return async () => {
    const after = await Promise.all(pods.map((pod) => ofServer(platform, pod)));
    return after.map((seconds, i) => seconds - (before[i] ?? 0));
  };
}

async function ofServer(platform: LocalPlatform, pod: string): Promise<number> {
  const info = String(await platform.call(pod, ['INFO', 'CPU']));
  return ['used_cpu_sys', 'used_cpu_user']
    .map((field) => Number(new RegExp(`^${field}:(\\S+)`, 'm').exec(info)?.[1] ?? Number.NaN))
    .reduce((a, b) => a + b, 0);
}
