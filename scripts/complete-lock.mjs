// Adds to package-lock.json the optional binaries of platforms other than the one that wrote it.
// Where a registry lists only its own platform's packages, npm leaves them out, and newer npm versions then refuse `npm ci`.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const platform = /-?(android|darwin|freebsd|linux|openharmony|win32|wasm32)(?:-([a-z0-9]+))?(?:-(\w+))?$/;

for (const { dev, optionalDependencies = {} } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const [, os, cpu, abi] = platform.exec(name) ?? [];
    const place = `node_modules/${name}`;
    if (os === undefined || lock.packages[place] !== undefined) continue;
    lock.packages[place] = {
      version,
      ...(os === 'wasm32' ? { cpu: ['wasm32'] } : { cpu: [cpu], os: [os] }),
      ...(abi === 'musl' ? { libc: ['musl'] } : {}),
      ...(dev ? { dev } : {}),
      optional: true,
    };
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
