import { setTimeout as sleep } from 'node:timers/promises';
import { seedsOfPods } from '../e2e/support/pods.ts';
import type { StandingCluster } from '../e2e/support/standing-cluster.ts';
import type { Chance } from '../support/chance.ts';
import type { ActionRun } from '../support/run-action.ts';
import { startTraffic } from '../support/traffic.ts';
import { type Deck, moment, type Strike, strike } from './faults.ts';

export interface Shape {
  readonly shards: number;
  readonly replicas: number;
}

const SHAPES: readonly Shape[] = [3, 4, 5].flatMap((shards) => [1, 2].map((replicas) => ({ shards, replicas })));

/** One change of the cluster's shape, what happened on the way, and how it ended. */
export interface Round extends Shape {
  /** What happened, one after the other, each to an apply of its own. */
  readonly strikes: readonly Strike[];
  /** How each apply ended, until the cluster was as declared: the reason of a failure, with what it said. */
  readonly runs: readonly string[];
  readonly seconds: number;
  readonly writes: number;
  readonly reads: number;
  readonly errors: number;
  readonly wrong: number;
  readonly stale: number;
  /** Keys that do not hold what was acknowledged. */
  readonly differences: readonly string[];
  /** The result of one more plan. */
  readonly second: string;
}

/** Seconds after which a user would call for help. */
const PATIENCE = 240;

/** As many applies of one round may be struck: after that a user must get it done. */
const MOST_STRIKES = 3;

/** Declares another shape and applies it, with a fault in the middle, again and again until it is done, as a user would. */
export async function playRound(
  cluster: StandingCluster,
  { chance, deck }: { chance: Chance; deck: Deck },
  { number, before }: { number: number; before: Shape },
): Promise<Round> {
  const { shards, replicas } = chance.of(SHAPES.filter((shape) => !isSame(shape, before)));
  const topology = cluster.declare(shards, `replicasPerShard: ${replicas}`);
  const { pods } = await cluster.live.look();
  const began = Date.now();
  await using traffic = await startTraffic(seedsOfPods(pods), {
    writers: 1,
    readers: 1,
    serversGo: true,
    prefix: `round-${number}`,
  });

  const approval = await approve(cluster, topology);
  const strikes: Strike[] = [];
  const attempt = async (hash: string): Promise<ActionRun> => {
    if (strikes.length === MOST_STRIKES) return applyOnce(cluster, topology, hash);
    const fault = deck.top;
    const struck: Promise<string | null>[] = [];
    const run = await applyOnce(cluster, topology, hash, (process) => {
      if (struck.length === 0) struck.push(moment(chance).then(() => strike(fault, { ...cluster, chance, process })));
    });
    const [hit = null] = await Promise.all(struck);
    if (hit === null) return run;
    deck.deal();
    strikes.push({ fault, hit, wentOn: isDone(run) });
    return run;
  };
  let last = await attempt(approval);
  const runs = [endOf(last)];
  const deadline = Date.now() + PATIENCE * 1_000;
  while (!isDone(last)) {
    if (Date.now() > deadline) throw new Error(`Not as declared after ${PATIENCE} s: ${runs.join()}\n${last.log}`);
    await sleep(2_000);
    const isOver = last.outputs['failure-reason'] === 'plan-changed';
    last = await attempt(isOver ? await approve(cluster, topology) : approval);
    runs.push(endOf(last));
  }
  const seconds = (Date.now() - began) / 1_000;
  const { writes, reads, errors, wrong, stale } = await traffic.stop();
  const again = await cluster.act(topology, { inputs: { command: 'plan' } });
  return {
    shards,
    replicas,
    strikes,
    runs,
    seconds,
    writes,
    reads,
    errors,
    wrong,
    stale,
    differences: await traffic.verify(),
    second: again.outputs['result'] ?? '',
  };
}

function isSame(a: Shape, b: Shape): boolean {
  return a.shards === b.shards && a.replicas === b.replicas;
}

function isDone(run: ActionRun): boolean {
  return run.outputs['result'] === 'applied' || run.outputs['result'] === 'no-changes';
}

function endOf({ outputs }: ActionRun): string {
  const reason = outputs['failure-reason'];
  return reason ? `${reason} (${outputs['summary']})` : outputs['result'] || 'killed';
}

/** The hash of the plan that people see and agree to; empty where none can be made at the moment. */
async function approve(cluster: StandingCluster, topology: string): Promise<string> {
  const planned = await cluster.act(topology, { inputs: { command: 'plan' } });
  return planned.outputs['plan-hash'] ?? '';
}

async function applyOnce(
  cluster: StandingCluster,
  topology: string,
  hash: string,
  begun?: (process: Parameters<NonNullable<Parameters<StandingCluster['act']>[1]['onLine']>>[1]) => void,
): Promise<ActionRun> {
  const approved = hash === '' ? {} : { 'require-approved-plan': 'true', 'approved-plan': hash };
  return cluster.act(topology, {
    inputs: { command: 'apply', 'lock-timeout': '2m', timeout: '4m', ...approved },
    onLine: (line, process) => {
      if (line.startsWith('::group::')) begun?.(process);
    },
  });
}
