import { type Cluster, memberOf, type Pod, podOf } from '../core/cluster.ts';
import { byText } from '../core/text-order.ts';
import { HOST_LABEL } from '../core/topology.ts';
import type { Plan } from '../plan/plan.ts';
import { cell, code } from './escape.ts';
import { counted } from './units.ts';

/** Larger clusters are folded. */
const MOST_OPEN = 12;

/** Of more pods than this in one cell only their number is shown. */
const MOST_NAMED = 8;

/**
 * Which pod serves what on which Kubernetes node at the end, by zone and node.
 * @param seen tells where the pods are
 */
export function placementTable(plan: Plan, seen: Cluster): readonly string[] {
  const places = placesOf(plan, seen);
  if (places.every((place) => place.node === null)) return [];
  const zone = zoneLabel(plan);
  const heads = [...(zone === undefined ? [] : ['Zone']), 'Node', 'Primaries', 'Replicas'];
  const rows = places.map((place) => {
    const where = place.node === null ? '*not scheduled yet*' : cell(place.node);
    const cells = [...(zone === undefined ? [] : [cell(place.zone)]), where, ...seatsOf(place.pods, plan)];
    return `| ${cells.join(' | ')} |`;
  });
  const table = [`| ${heads.join(' | ')} |`, `|${heads.map(() => ' :-- |').join('')}`, ...rows];
  const pods = plan.layout.pods.length;
  const title = `Placement of ${counted(pods, 'pod')} on ${counted(places.filter((place) => place.node !== null).length, 'node')}`;
  if (pods <= MOST_OPEN) return table;
  return ['<details>', `<summary>${title}</summary>`, '', ...table, '', '</details>'];
}

interface Where {
  readonly zone: string;
  readonly node: string | null;
  readonly pods: readonly string[];
}

/** By zone, then node; what is not scheduled yet comes last. */
function placesOf(plan: Plan, seen: Cluster): readonly Where[] {
  const zone = zoneLabel(plan) ?? '';
  const byNode = Map.groupBy(plan.layout.pods, (name) => podOf(seen, name)?.node ?? null);
  return Array.from(byNode, ([node, pods]): Where => {
    const pod: Pod | undefined = podOf(seen, pods[0] ?? '');
    return { node, pods, zone: pod?.domains[zone] ?? '' };
  }).toSorted(
    (a, b) =>
      Number(a.node === null) - Number(b.node === null) || byText(a.zone, b.zone) || byText(a.node ?? '', b.node ?? ''),
  );
}

function zoneLabel({ topology }: Plan): string | undefined {
  return topology.placement.spreadBy.find((label) => label !== HOST_LABEL);
}

/** The cells of primaries and replicas. */
function seatsOf(pods: readonly string[], plan: Plan): readonly string[] {
  const shards = plan.layout.shards;
  const leads = new Set(shards.map((shard) => shard.primary));
  const leaderOf = new Map(shards.flatMap((shard) => shard.replicas.map((pod) => [pod, shard.primary])));
  const primaries = pods.filter((pod) => leads.has(pod)).map(code);
  const replicas = pods
    .filter((pod) => leaderOf.has(pod))
    .map((pod) => `${code(pod)} of ${code(leaderOf.get(pod) ?? '')}${formerly(pod, leaderOf.get(pod) ?? '', plan)}`);
  return [primaries, replicas].map(inCell);
}

function inCell(pods: readonly string[]): string {
  return pods.length <= MOST_NAMED ? pods.join('<br>') : counted(pods.length, 'pod');
}

function formerly(pod: string, leader: string, { before, layout }: Plan): string {
  const was = memberOf(before, pod)?.primary ?? null;
  const shard = layout.shards.find((target) => target.primary === leader);
  return was === null || was === leader || was === shard?.live ? '' : `, until now of ${code(was)}`;
}
