import { memberOf, replicasOf, slotOwners } from '../core/cluster.ts';
import type { ShardTarget } from '../core/layout.ts';
import { count } from '../core/slots.ts';
import type { Plan } from '../plan/plan.ts';
import { slotBar } from './bar.ts';
import { code } from './escape.ts';
import { counted, grouped } from './units.ts';

/** Of more shards than this only some are shown of each sort. */
const MOST_SHARDS = 24;

/** So many that come or leave, and as many others. */
const MOST_OF_A_SORT = 8;

/** The shards before and after with bars of one scale, and their replicas; of many those that come, leave or change most. */
export function shardTable(plan: Plan): readonly string[] {
  const rows = rowsOf(plan);
  if (rows.length === 0) return [];
  const shown = mostChanged(rows);
  const rest = rows.filter((row) => !shown.has(row));
  return [...tableOf([...shown], rows), ...(rest.length === 0 ? [] : ['', restWords(rest)])];
}

/** Those that `shardTable` leaves out, to be folded out; none where it has all. */
export function otherShards(plan: Plan): readonly string[] {
  const rows = rowsOf(plan);
  const shown = mostChanged(rows);
  const rest = rows.filter((row) => !shown.has(row));
  if (rest.length === 0) return [];
  const title = `<summary>The other ${counted(rest.length, 'shard')}</summary>`;
  return ['<details>', title, '', ...tableOf(rest, rows), '', '</details>'];
}

/** 12 more shards get 74 slots each, 192 more give 7 to 8 slots each. */
function restWords(rest: readonly Row[]): string {
  const sorts = [
    ['get', rest.filter((row) => row.after > row.before)],
    ['give', rest.filter((row) => row.after < row.before)],
  ] as const;
  const words = sorts.flatMap(([verb, rows]) => {
    const changes = rows.map(changeOf);
    const [least, most] = [Math.min(...changes), Math.max(...changes)];
    const slots = least === most ? counted(most, 'slot') : `${grouped(least)} to ${grouped(most)} slots`;
    return rows.length === 0
      ? []
      : [
          `${counted(rows.length, 'more shard')} ${rows.length === 1 ? `${verb}s` : verb} ${slots}${rows.length === 1 ? '' : ' each'}`,
        ];
  });
  const same = rest.filter((row) => row.after === row.before).length;
  return `${[...words, ...(same === 0 ? [] : [`${counted(same, 'more shard')} ${same === 1 ? 'keeps its' : 'keep their'} slots`])].join(', ')}.`;
}

function changeOf(row: Row): number {
  return Math.abs(row.after - row.before);
}

/** Whether any shard ends with other slots than it has. */
export function changesSlots(plan: Plan): boolean {
  return rowsOf(plan).some((row) => row.before !== row.after);
}

/** Whether any pod comes to serve another shard, or in another role. */
export function changesRoles(plan: Plan): boolean {
  const live = slotOwners(plan.before).length;
  return (
    live !== plan.layout.shards.length ||
    plan.layout.shards.some((shard) => shard.live !== shard.primary) ||
    rowsOf(plan).some(isOther)
  );
}

function isOther({ replicas, replicasBefore }: Row): boolean {
  return replicas.length !== replicasBefore.length || replicas.some((pod) => !replicasBefore.includes(pod));
}

interface Row {
  /** Markdown. */
  readonly primary: string;
  readonly before: number;
  readonly after: number;
  readonly replicasBefore: readonly string[];
  readonly replicas: readonly string[];
}

/** Before and after stand side by side only where there is a difference to see. */
function tableOf(shown: readonly Row[], rows: readonly Row[]): readonly string[] {
  const scale = Math.max(...rows.flatMap((row) => [row.before, row.after]));
  const has = (when: 'before' | 'after'): boolean => rows.some((row) => row[when] > 0);
  const moves = has('before') && has('after') && rows.some((row) => row.before !== row.after);
  if (!moves) {
    const slots = (row: Row): string => slotBar(Math.max(row.before, row.after), scale);
    return [
      '| Primary | Slots | Replicas |',
      '| :-- | :-- | :-- |',
      ...shown.map((row) => `| ${row.primary} | ${slots(row)} | ${replicasCell(row)} |`),
    ];
  }
  return [
    '| Primary | Slots before | Slots after | Change | Replicas |',
    '| :-- | :-- | :-- | --: | :-- |',
    ...shown.map(
      (row) =>
        `| ${row.primary} | ${slotBar(row.before, scale)} | ${slotBar(row.after, scale)} | ${changeCell(row)} | ${replicasCell(row)} |`,
    ),
  ];
}

function changeCell({ before, after }: Row): string {
  if (before === after) return '';
  return after > before ? `+${grouped(after - before)}` : `−${grouped(before - after)}`;
}

/** Those that stay, then whom the shard gets, then whom it loses. */
function replicasCell({ replicasBefore, replicas }: Row): string {
  const stay = replicas.filter((pod) => replicasBefore.includes(pod)).map(code);
  const come = replicas.filter((pod) => !replicasBefore.includes(pod)).map((pod) => `**+** ${code(pod)}`);
  const go = replicasBefore.filter((pod) => !replicas.includes(pod)).map((pod) => `~~${code(pod)}~~`);
  return [...stay, ...come, ...go].join('<br>');
}

function rowsOf({ before, after, layout }: Plan): readonly Row[] {
  const staying = new Set(layout.shards.map((shard) => shard.live ?? shard.primary));
  const namesOf = (primary: string): readonly string[] => replicasOf(before, primary).map((member) => member.pod);
  const othersOf = (old: string, { primary, replicas }: ShardTarget): readonly string[] =>
    [old, ...namesOf(old)].filter((pod) => pod !== primary && (pod !== old || replicas.includes(pod)));
  const isLive = slotOwners(before).length > 0;
  const targets = layout.shards.map((shard): Row => {
    const old = shard.live ?? shard.primary;
    return {
      primary: nameOf(shard, isLive),
      before: count(memberOf(before, old)?.slots ?? []),
      after: count(memberOf(after, shard.primary)?.slots ?? shard.slots),
      // A creation would mark every pod; and where replica and primary change places nobody comes or leaves.
      replicasBefore: isLive ? othersOf(old, shard) : shard.replicas,
      replicas: shard.replicas,
    };
  });
  const leaving = slotOwners(before)
    .filter((member) => !staying.has(member.pod))
    .map((member): Row => {
      const replicas = namesOf(member.pod);
      const primary = `${code(member.pod)} **leaves**`;
      return { primary, before: count(member.slots), after: 0, replicasBefore: replicas, replicas: [] };
    });
  return [...targets, ...leaving];
}

function nameOf({ primary, live }: ShardTarget, isLive: boolean): string {
  if (!isLive) return code(primary);
  if (live === null) return `${code(primary)} **new**`;
  return live === primary ? code(primary) : `${code(primary)} takes over from ${code(live)}`;
}

/** In their order. */
function mostChanged(rows: readonly Row[]): ReadonlySet<Row> {
  if (rows.length <= MOST_SHARDS) return new Set(rows);
  const byChange = rows.toSorted((a, b) => changeOf(b) - changeOf(a));
  const comes = (row: Row): boolean => row.before === 0 || row.after === 0;
  const some = [byChange.filter(comes), byChange.filter((row) => !comes(row))];
  const kept = new Set(some.flatMap((sort) => sort.slice(0, MOST_OF_A_SORT)));
  return new Set(rows.filter((row) => kept.has(row)));
}
