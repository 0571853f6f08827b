#!/usr/bin/env node

/** The oldest Node that has what the program uses; package.json says the same. */
const OLDEST = '22.19';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const [oldestMajor = 0, oldestMinor = 0] = OLDEST.split('.').map(Number);

// Only then the rest is loaded: an older Node stumbles over it before it could say why.
if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
  process.stderr.write(
    `Node ${process.version} is too old: ${OLDEST} or newer is needed. See https://nodejs.org/en/download\n`,
  );
  process.exitCode = 1;
} else {
  const { runAtTerminal } = await import('./terminal.ts');
  process.exitCode = await runAtTerminal(process.argv.slice(2), process.env);
}
