import { type Cluster, memberOf, podOf } from '../core/cluster.ts';
import type { ShardTarget } from '../core/layout.ts';
import { count } from '../core/slots.ts';
import type { Plan } from '../plan/plan.ts';
import { cell, code } from './escape.ts';
import { grouped } from './units.ts';

const BAR = 20;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** More shards than this are folded but for those that change most. */
const MOST_SHARDS = 40;

/** The shards before and after, with bars of one scale, and the pods that serve them. */
export function shardTable(plan: Plan): readonly string[] {
  const rows = rowsOf(plan);
  if (rows.length === 0) return [];
  const scale = Math.max(...rows.flatMap((row) => [row.before, row.after]), 1);
  const shown = rows.length <= MOST_SHARDS ? rows : mostChanged(rows);
  const hidden = rows.length - shown.length;
  return [
    '| Shard | Slots before | Slots after | | Primary and replicas |',
    '| :-- | --: | --: | :-- | :-- |',
    ...shown.map(
      (row) =>
        `| ${code(row.name)} | ${row.before === 0 ? '–' : grouped(row.before)} | ${row.after === 0 ? '–' : grouped(row.after)} | ${code(bar(row.after / scale))} | ${row.pods} |`,
    ),
    ...(hidden === 0 ? [] : ['', `${hidden} more shards, which change less.`]),
  ];
}

/** A bar of fixed width for a part of the whole. */
export function bar(part: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, part)) * BAR * 8);
  const full = Math.floor(eighths / 8);
  const filled = '█'.repeat(full) + (EIGHTHS[eighths % 8] ?? '');
  return filled + '░'.repeat(BAR - filled.length);
}

interface Row {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  readonly pods: string;
}

function rowsOf({ before, after, layout, topology }: Plan): readonly Row[] {
  const label = topology.placement.spreadBy.at(-1) ?? '';
  const slotsBefore = (pod: string | null): number =>
    count((pod === null ? undefined : memberOf(before, pod))?.slots ?? []);
  const staying = new Set(layout.shards.map((shard) => shard.live ?? shard.primary));
  const targets = layout.shards.map(
    (shard): Row => ({
      name: shard.primary,
      before: slotsBefore(shard.live ?? shard.primary),
      after: count(shard.slots),
      pods: podsOf(shard, after, label),
    }),
  );
  const leaving = before.members
    .filter((member) => member.role === 'primary' && member.slots.length > 0 && !staying.has(member.pod))
    .map((member): Row => ({ name: member.pod, before: count(member.slots), after: 0, pods: 'leaves' }));
  return [...targets, ...leaving];
}

function podsOf(shard: ShardTarget, after: Cluster, label: string): string {
  return [shard.primary, ...shard.replicas].map((pod) => `${cell(pod)}${placeOf(pod, after, label)}`).join(', ');
}

function placeOf(name: string, cluster: Cluster, label: string): string {
  const pod = podOf(cluster, name);
  if (pod?.node == null) return ' (to come)';
  const zone = pod.domains[label];
  return zone === undefined || zone === pod.node ? ` (${cell(pod.node)})` : ` (${cell(pod.node)}, ${cell(zone)})`;
}

function mostChanged(rows: readonly Row[]): readonly Row[] {
  const kept = new Set(
    rows.toSorted((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before)).slice(0, MOST_SHARDS),
  );
  return rows.filter((row) => kept.has(row));
}
