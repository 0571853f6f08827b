/** Which program a server is. */
export interface Release {
  readonly software: 'redis' | 'valkey';
  /** As the server tells it: `8.0.2`. */
  readonly version: string;
}

/** Whether a release, such as `8.0.2`, came before another one of the same software, by major and minor number. */
export function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/**
 * Whether a server may refuse keys as another one sends them: what DUMP gives has the version of the RDB format in it, and RESTORE
 * refuses what is newer. Valkey 8 has the format of Redis 7.2 (11); Redis went on with 12 (7.4), Valkey with 80 (9.0), and neither
 * reads the other's.
 */
export function mayNotRead(receiver: Release, donor: Release): boolean {
  if (receiver.software === donor.software) return isOlder(receiver.version, donor.version);
  if (donor.software === 'redis') return !isOlder(donor.version, '7.4');
  return !isOlder(donor.version, '9.0') || isOlder(receiver.version, '7.2');
}
