// Makes a fresh clone ready: installs the packages when the lock file is newer than what is installed.
// Plain JavaScript on purpose: it runs before anything is installed, on whatever Node (>= 20) the machine has.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const installed = `${root}node_modules/.package-lock.json`;
const lock = `${root}package-lock.json`;

const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  console.error(`Node ${process.version} is too old: 20 or newer is needed. See https://nodejs.org`);
  process.exit(1);
}
if (!existsSync(installed) || statSync(lock).mtimeMs > statSync(installed).mtimeMs) {
  console.log('Installing packages (npm ci) …');
  const run = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: 'inherit' });
  if (run.status !== 0) process.exit(run.status ?? 1);
}
