import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../src/core/cluster.ts';
import type { Command } from '../../src/ports/redis.ts';
import type { LiveCluster } from '../e2e/support/live-cluster.ts';
import type { Chance } from '../support/chance.ts';
import { TRAFFIC } from '../support/cluster-client.ts';
import type { TestNamespace } from '../support/kubernetes.ts';

/** What may happen while an apply is at work. */
export const FAULTS = [
  'the runner is killed',
  'the runner is told to stop',
  'a pod is deleted',
  'all connections to the servers are cut',
  'nothing',
] as const;

export type Fault = (typeof FAULTS)[number];

export interface Scene {
  readonly namespace: TestNamespace;
  readonly live: LiveCluster;
  readonly chance: Chance;
  /** The apply. */
  readonly process: ChildProcess;
}

/** What happened to one apply. */
export interface Strike {
  readonly fault: Fault;
  /** What was hit, in words. */
  readonly hit: string;
  /** Whether that apply ended all the same as declared. */
  readonly wentOn: boolean;
}

/** Each fault once in an order of chance, then again in another one: so that none is left to luck. */
export class Deck {
  readonly #chance: Chance;
  #left: readonly Fault[] = [];

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** The next one, until it is dealt. */
  get top(): Fault {
    if (this.#left.length === 0) this.#left = this.#chance.shuffled(FAULTS);
    return this.#left[0] ?? 'nothing';
  }

  deal(): void {
    this.#left = this.#left.slice(1);
  }
}

/** Which never struck. */
export function missing(strikes: readonly Strike[]): readonly Fault[] {
  return FAULTS.filter((fault) => fault !== 'nothing' && strikes.every((one) => one.fault !== fault));
}

/** Lets it happen; what was hit, in words, or null where the apply was over. */
export async function strike(fault: Fault, { namespace, live, chance, process }: Scene): Promise<string | null> {
  if (process.exitCode !== null || process.signalCode !== null) return null;
  switch (fault) {
    case 'nothing':
      return 'nothing';
    case 'the runner is killed':
      return process.kill('SIGKILL') ? 'SIGKILL' : null;
    case 'the runner is told to stop':
      return process.kill('SIGTERM') ? 'SIGTERM' : null;
    case 'a pod is deleted': {
      const { pods, members } = await live.look();
      const { name } = chance.of(pods);
      await namespace.deletePod(name);
      return `${name}, ${members.find((member) => member.pod === name)?.role ?? 'not a member yet'}`;
    }
    case 'all connections to the servers are cut':
      return `${await cutConnections(live)} connections`;
  }
}

/** All but those of the traffic: an ordinary client may take the end of its connection for an error. */
async function cutConnections(live: LiveCluster): Promise<number> {
  const { pods } = await live.look();
  const cut = await Promise.all(pods.filter(({ ready }) => ready).map((pod) => cutConnectionsOf(pod, live)));
  return cut.reduce((sum, n) => sum + n, 0);
}

async function cutConnectionsOf(pod: Pod, { redis }: LiveCluster): Promise<number> {
  const signal = AbortSignal.timeout(10_000);
  const connection = await redis.connection(pod, { signal });
  const [list] = await connection.send([['CLIENT', 'LIST', 'TYPE', 'normal']], { signal });
  if (!list?.ok) throw new Error(`${pod.name} does not list its clients: ${list?.error}`);
  const others = String(list.value)
    .split('\n')
    .filter((line) => line !== '' && !line.includes(` name=${TRAFFIC} `) && !line.includes(' cmd=client|list '));
  const kills = others.map((line): Command => ['CLIENT', 'KILL', 'ID', /^id=(\d+)/.exec(line)?.[1] ?? '']);
  const answers = kills.length === 0 ? [] : await connection.send(kills, { signal });
  return answers.filter((answer) => answer.ok && answer.value === 1).length;
}

/** Some milliseconds: within the time that most applies take. */
export function moment(chance: Chance): Promise<void> {
  return sleep(chance.between(0, 6_000));
}
