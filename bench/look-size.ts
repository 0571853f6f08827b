import { observe } from '../src/engine/observe.ts';
import { estimate } from '../src/plan/estimate.ts';
import { makePlan } from '../src/plan/make-plan.ts';
import { type CommentState, commentBody, summaryBody } from '../src/report/comment.ts';
import { grouped } from '../src/report/units.ts';
import { placeOf, topologyOf } from '../test/support/topology.ts';
import { NAME, writtenCluster } from '../test/support/written-cluster.ts';
import { machine, record, table } from './record.ts';

/**
 * `node bench/look-size.ts --record`: how long it takes to read and compare what 100 to 1,000 servers say of each other, to plan
 * a tenth more shards, and to write the comment, and how long that is. The servers' replies are texts made beforehand, so
 * that nothing is waited for.
 */
const SIZES = [100, 200, 500, 1_000];
/** Ranges of slots of each primary. */
const PIECES = 4;
const RUNS = 3;
/** What GitHub takes. */
const LONGEST_COMMENT = 65_536;
const CONTEXT = {
  cluster: 'sessions',
  file: 'clusters/sessions/topology.yaml',
  runUrl: 'https://github.com/acme/cache/actions/runs/4711',
  commit: '3f2a9c1d5e6b7a8f90123456789abcdef0123456',
};

const rows: (readonly string[])[] = [];
for (const size of SIZES) rows.push(await rowOf(size));
const head = ['pods', 'looking', 'planning', 'writing', 'comment, characters', 'memory'];
await record('look-size', `${table([head, ...rows])}\n\nMedians of ${RUNS}. On ${machine()}.`);

async function rowOf(size: number): Promise<readonly string[]> {
  const written = writtenCluster(size, PIECES);
  const shards = Math.round((size / 2) * 1.1);
  const topology = topologyOf(placeOf(NAME), { shards: size === 1_000 ? 450 : shards, replicas: 1 });
  const signal = new AbortController().signal;
  const looked = await middle(() => observe(topology, written, { manifests: null, signal }));
  const planned = await middle(async () => {
    const made = makePlan(topology, looked.value);
    if (made.kind === 'refused') throw made.failure;
    return made.plan;
  });
  const plan = planned.value;
  const state: CommentState = {
    kind: 'planned',
    plan,
    estimate: estimate(plan, new Map()),
    missing: [],
    underWay: null,
  };
  const comment = await middle(async () => [commentBody(state, CONTEXT), summaryBody(state, CONTEXT)] as const);
  const [{ length }] = comment.value;
  if (length > LONGEST_COMMENT) throw new Error(`The comment has ${length} characters: more than GitHub takes.`);
  const times = [looked, planned, comment].map(({ time }) => `${time.toFixed(0)} ms`);
  return [grouped(size), ...times, grouped(length), `${grouped(process.memoryUsage.rss() / 1_000_000)} MB`];
}

async function middle<T>(work: () => Promise<T>): Promise<{ readonly time: number; readonly value: T }> {
  const runs: { readonly time: number; readonly value: T }[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const begun = performance.now();
    const value = await work();
    runs.push({ time: performance.now() - begun, value });
  }
  const found = runs.toSorted((a, b) => a.time - b.time)[Math.floor(RUNS / 2)];
  if (found === undefined) throw new Error('Nothing was measured.');
  return found;
}
