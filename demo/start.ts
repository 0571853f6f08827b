import { haveServer } from './install.ts';

/**
 * `npm start`: a cluster on this machine grows by a shard under traffic, by the same commands that run on GitHub. Nothing is left
 * running. `npm start -- --keep` keeps it until Ctrl-C, to play with.
 */
const isKept = process.argv.includes('--keep');
const unknown = process.argv.slice(2).filter((word) => word !== '--keep');

if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(' ')}. Use: npm start, or npm start -- --keep`);
  process.exitCode = 2;
} else if (haveServer()) {
  // Loaded now: it looks for the servers that have just been installed.
  const { show } = await import('./show.ts');
  const begun = performance.now();
  if (!(await show({ isKept }))) process.exitCode = 1;
  console.log(`\nDone in ${((performance.now() - begun) / 1000).toFixed(0)} s; nothing is left running.`);
} else {
  process.exitCode = 1;
}
