import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { standUp } from '../test/e2e/support/standing-cluster.ts';
import { Workspace } from '../test/support/run-action.ts';
import { machine, record, table } from './record.ts';

/**
 * `KUBECONFIG=… node bench/plan-run.ts`: how long the action takes as GitHub starts it, from the start of the process to its
 * end: a run that ends before it reaches anything, which is mostly loading, and a plan for 8 pods through port-forward.
 */
const RUNS = 5;
const DIST = fileURLToPath(new URL('../dist/index.js', import.meta.url));

const bare = await several(async () => spawnSync(process.execPath, ['-e', '0']).status === 0);
const loading = await several(async () => spawnSync(process.execPath, ['--check', DIST]).status === 0);
const early = await several(async () => {
  await using empty = await Workspace.create();
  return (await empty.run({ inputs: { command: 'plan' } })).outputs['result'] === 'refused';
});
await using cluster = await standUp('bench');
const grown = await cluster.act(cluster.declare(4), { inputs: { command: 'apply' } });
if (grown.outputs['result'] !== 'applied') throw new Error(`The cluster of 8 pods could not be made:\n${grown.log}`);
const plan = async (shards: number, connect: string, result: string): Promise<boolean> => {
  const run = await cluster.act(cluster.declare(shards), { inputs: { command: 'plan', connect } });
  if (run.outputs['result'] !== result) console.error(run.log);
  return run.outputs['result'] === result;
};
const same = await several(() => plan(4, 'port-forward', 'no-changes'));
const other = await several(() => plan(5, 'port-forward', 'planned'));
const direct = await several(() => plan(4, 'direct', 'no-changes'));

const rows = [
  ['node alone', ...bare],
  ['parsing the bundle', ...loading],
  ['the action with no topology to find: loading and refusing', ...early],
  ['plan for 8 pods through port-forward, nothing to do', ...same],
  ['plan for 8 pods through port-forward, one shard more', ...other],
  ['plan for 8 pods from inside the network, nothing to do', ...direct],
];
await record('plan-run', `${table([['run', 'fastest', `median of ${RUNS}`], ...rows])}\n\nOn ${machine()}.`);

async function several(run: () => Promise<boolean>): Promise<readonly string[]> {
  const times: number[] = [];
  for (let i = 0; i < RUNS; i += 1) {
    const begun = performance.now();
    if (!(await run())) throw new Error('A run that is measured did not end as it should.');
    times.push(performance.now() - begun);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return [sorted[0], sorted[Math.floor(RUNS / 2)]].map((time = 0) => `${time.toFixed(0)} ms`);
}
