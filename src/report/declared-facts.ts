import { shareSizes } from '../core/shares.ts';
import { print } from '../core/slots.ts';
import { podCount, type Share, type Topology } from '../core/topology.ts';
import { firstSlots } from '../core/wording.ts';
import { grouped } from './units.ts';

/** One thing that a topology file says, as a row of a table. */
export interface Fact {
  readonly name: string;
  /** Where it stands in the file; null where that is told by the shape of the cluster, or by where the cluster is. */
  readonly key: string | null;
  readonly text: string;
  /** Equal where two files say the same, also where the texts leave something out. */
  readonly value: string;
}

/** All that a file says, defaults filled in: the same rows in the same order for every file. */
export function factsOf(topology: Topology): readonly Fact[] {
  const { kubernetes, shards, placement, volumes, migration } = topology;
  return [
    fact('Name', topology.name, 'name'),
    fact('Namespace, StatefulSet and port', placeOf(topology)),
    fact('Manifests', kubernetes.manifests ?? '–', 'kubernetes.manifests'),
    fact('State', topology.state),
    fact('Shards', `${shards.length}`),
    { ...fact('Slots of each shard', slotsWords(shards)), value: slotsOf(shards).join(' ') },
    fact('Replicas per shard', `${topology.replicasPerShard}`),
    fact('Pods', `${podCount(topology)}`),
    fact('Tolerance', `${Number((topology.tolerance * 100).toFixed(6))}%`, 'tolerance'),
    fact('Spread by', placement.spreadBy.join(', '), 'placement.spreadBy'),
    fact('Where pods cannot be spread so', placement.whenUnsatisfiable, 'placement.whenUnsatisfiable'),
    fact('Volumes on scale down', volumes.onScaleDown, 'volumes.onScaleDown'),
    fact('Method of moving slots', migration.method, 'migration.method'),
    fact('Highest latency while slots move', `${migration.maxLatency} ms`, 'migration.maxLatency'),
  ];
}

function fact(name: string, text: string, key: string | null = null): Fact {
  return { name, key, text, value: text };
}

/** Where credentials are sent. */
export function placeOf({ kubernetes: { namespace, statefulSet, container, port } }: Topology): string {
  return `${namespace}/${statefulSet}${container === null ? '' : `/${container}`}:${port}`;
}

/** Of each share the number of its slots, or which they are. */
export function slotsOf(shares: readonly Share[]): readonly string[] {
  const sizes = shareSizes(shares);
  return shares.map((share, i) => (share.kind === 'slots' ? print(share.slots) : grouped(sizes[i] ?? 0)));
}

/** More of them nobody reads in a cell. */
const MOST_SHARDS = 12;
const LONGEST_SLOTS = 60;

function slotsWords(shares: readonly Share[]): string {
  const shown = slotsOf(shares)
    .slice(0, MOST_SHARDS)
    .map((text) => firstSlots(text, LONGEST_SLOTS))
    .join(' · ');
  return shares.length <= MOST_SHARDS ? shown : `${shown} · …`;
}
