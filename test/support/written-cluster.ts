import type { Pod } from '../../src/core/cluster.ts';
import type { Kubernetes, KubernetesView } from '../../src/ports/kubernetes.ts';
import type { Command, Connection, Redis } from '../../src/ports/redis.ts';
import { podOf } from './cluster.ts';
import { fixture } from './fixtures.ts';
import { LocalKubernetes } from './local-kubernetes.ts';

const SERVER = 'redis-7.0';
export const NAME = 'redis-cluster';
const INFO = { primary: fixture(SERVER, 'info-primary'), replica: fixture(SERVER, 'info-replica') };
const STATE = fixture(SERVER, 'cluster-info');

/**
 * What the servers of a healthy cluster print, in texts that one of three shards printed: as many primaries as replicas, each
 * primary's slots in `pieces` ranges, as they lie after a cluster has grown and shrunk.
 */
export function writtenCluster(size: number, pieces: number): { redis: Redis; kubernetes: Kubernetes } {
  const shards = size / 2;
  const lines = Array.from({ length: size }, (_, n) => lineOf(n, shards, pieces));
  const pods = Array.from({ length: size }, (_, n) => podOn(n));
  const nodes = new Map(pods.map((pod, n) => [pod.name, nodesOf(lines, n)]));
  const open = async ({ name, ordinal }: Pod): Promise<Connection> => ({
    pod: name,
    send: async (commands) =>
      commands.map((command) => ({
        ok: true,
        value: answerTo(command, { nodes: nodes.get(name) ?? '', isReplica: ordinal >= shards }),
      })),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  const view: KubernetesView = {
    workload: null,
    pods,
    volumes: [],
    kubernetesNodes: pods.map(({ domains }) => domains),
  };
  const asItIs = { view: () => view, resize: () => Promise.resolve(), deleteVolumes: () => Promise.resolve() };
  return {
    redis: { connection: open, open },
    kubernetes: new LocalKubernetes(asItIs, size),
  };
}

function answerTo(command: Command, { nodes, isReplica }: { nodes: string; isReplica: boolean }) {
  switch (command.join(' ')) {
    case 'INFO':
      return Buffer.from(isReplica ? INFO.replica : INFO.primary);
    case 'CLUSTER NODES':
      return Buffer.from(nodes);
    case 'CLUSTER INFO':
      return Buffer.from(STATE);
    case 'CONFIG GET save':
      return [Buffer.from('save'), Buffer.from('')];
    default:
      return [null, null, null];
  }
}

/** CLUSTER NODES as node `n` prints it. */
function nodesOf(lines: readonly Line[], n: number): string {
  return lines.map(({ before, after }, i) => `${before}${i === n ? 'myself,' : ''}${after}\n`).join('');
}

interface Line {
  /** Up to the flags. */
  readonly before: string;
  readonly after: string;
}

function lineOf(n: number, shards: number, pieces: number): Line {
  const before = `${idOf(n)} ${ipOf(n)}:6379@16379,${NAME}-${n}.${NAME}.cache.svc `;
  if (n >= shards) return { before, after: `slave ${idOf(n - shards)} 0 1795395434778 ${n - shards + 1} connected` };
  const bound = (i: number): number => Math.round((i * 16_384) / (shards * pieces));
  const ranges = Array.from({ length: pieces }, (_, i) => {
    const at = i * shards + n;
    return `${bound(at)}-${bound(at + 1) - 1}`;
  });
  return { before, after: `master - 0 1795395434778 ${n + 1} connected ${ranges.join(' ')}` };
}

function podOn(n: number): Pod {
  const node = `node-${n % 40}`;
  const domains = { 'kubernetes.io/hostname': node, 'topology.kubernetes.io/zone': `zone-${n % 4}` };
  return podOf(NAME, n, { ip: ipOf(n), node, domains });
}

function idOf(n: number): string {
  return n.toString(16).padStart(40, '0');
}

function ipOf(n: number): string {
  return `10.244.${Math.floor(n / 250)}.${(n % 250) + 1}`;
}
