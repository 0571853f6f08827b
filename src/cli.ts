#!/usr/bin/env node

/** The oldest Node that has what the program uses. */
const NODE = 22;

// Only then the rest is loaded: an older Node stumbles over it before it could say why.
if (Number(process.versions.node.split('.')[0]) < NODE) {
  process.stderr.write(`Node ${process.version} is too old: ${NODE} or newer is needed.\n`);
  process.exitCode = 1;
} else {
  const { runAtTerminal } = await import('./terminal.ts');
  process.exitCode = await runAtTerminal(process.argv.slice(2), process.env);
}
