import { shareSizes } from '../core/shares.ts';
import type { Topology } from '../core/topology.ts';
import { cell } from './escape.ts';

/** What a change of the file means, said without looking at any cluster: before is what the base branch has. */
export function offlineBody(after: Topology, before: Topology | null, why: string): string {
  const rows = factsOf(after).map(([name, now], i) => {
    const was = before === null ? 'none' : (factsOf(before)[i]?.[1] ?? '');
    return `| ${name} | ${cell(was)} | ${cell(now)} |${was === now ? '' : ' ←'}`;
  });
  return [
    `### Redis Cluster ${cell(after.name)}: not looked at`,
    '',
    cell(why),
    '',
    '| | base | this pull request |',
    '| --- | --- | --- |',
    ...rows.map((row) => row.replace(/ ←$/, '')),
    '',
    'The file is valid.',
  ].join('\n');
}

function factsOf(topology: Topology): readonly (readonly [string, string])[] {
  const { namespace, statefulSet, port } = topology.kubernetes;
  return [
    ['StatefulSet', `${namespace}/${statefulSet}`],
    ['port', `${port}`],
    ['state', topology.state],
    ['shards', `${topology.shards.length}`],
    ['slots of each shard', shareSizes(topology.shards).join(' ')],
    ['replicas per shard', `${topology.replicasPerShard}`],
    ['pods', `${topology.state === 'absent' ? 0 : topology.shards.length * (1 + topology.replicasPerShard)}`],
    ['volumes on scale down', topology.volumes.onScaleDown],
  ];
}
