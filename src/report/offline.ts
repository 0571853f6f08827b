import { shareSizes } from '../core/shares.ts';
import { podCount, type Topology } from '../core/topology.ts';
import { cell, code } from './escape.ts';
import { grouped } from './units.ts';

/** What a change of the file means, said without looking at any cluster: before is what the base branch has. */
export function offlineBody(after: Topology, before: Topology | null, why: string): string {
  const was = before === null ? null : factsOf(before);
  const rows = factsOf(after).map(([name, now], i) => {
    const old = was?.[i]?.[1] ?? '–';
    const text = cell(now);
    return `| ${name} | ${cell(old)} | ${old === now ? text : `**${text}**`} |`;
  });
  return [
    `### Redis Cluster ${code(after.name)}`,
    '',
    '**The file is valid; the cluster was not looked at.**',
    '',
    '> [!NOTE]',
    `> ${cell(why)}`,
    '',
    ...dangerOf(after, before),
    '| | base | this pull request |',
    '| :-- | :-- | :-- |',
    ...rows,
  ].join('\n');
}

/** Where credentials would go, and whether data would. */
function dangerOf(after: Topology, before: Topology | null): readonly string[] {
  const lines: string[] = [];
  if (after.state === 'absent' && before?.state !== 'absent')
    lines.push('> - The cluster is to be deleted with its data.');
  if (before !== null && placeOf(before) !== placeOf(after)) {
    lines.push(`> - The file points at another cluster: ${code(placeOf(before))} → ${code(placeOf(after))}.`);
  }
  return lines.length === 0 ? [] : ['> [!CAUTION]', ...lines, ''];
}

function placeOf({ kubernetes: { namespace, statefulSet, container, port } }: Topology): string {
  return `${namespace}/${statefulSet}${container === null ? '' : `/${container}`}:${port}`;
}

function factsOf(topology: Topology): readonly (readonly [string, string])[] {
  return [
    ['Namespace, StatefulSet and port', placeOf(topology)],
    ['State', topology.state],
    ['Shards', `${topology.shards.length}`],
    ['Slots of each shard', slotsWords(shareSizes(topology.shards))],
    ['Replicas per shard', `${topology.replicasPerShard}`],
    ['Pods', `${podCount(topology)}`],
    ['Spread by', topology.placement.spreadBy.join(', ')],
    ['Volumes on scale down', topology.volumes.onScaleDown],
  ];
}

function slotsWords(sizes: readonly number[]): string {
  const shown = sizes.slice(0, 12).map(grouped).join(' · ');
  return sizes.length <= 12 ? shown : `${shown} · …`;
}
