import { digest, type KeyDigest, loadEveryType, primariesOf } from './dataset.ts';
import type { LocalPlatform } from './local-platform.ts';

/** Every key on the primaries. */
export async function keysOnPrimaries(platform: LocalPlatform): Promise<ReadonlyMap<string, KeyDigest>> {
  await using redis = platform.redis();
  return await digest({ pods: await primariesOf({ pods: platform.pods(), redis }), redis });
}

/** Writes keys of every type, and returns what there is then. */
export async function withEveryType(platform: LocalPlatform): Promise<ReadonlyMap<string, KeyDigest>> {
  await using redis = platform.redis();
  await loadEveryType({ pods: platform.pods(), redis });
  return await keysOnPrimaries(platform);
}
