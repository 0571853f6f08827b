import { type Cluster, type Member, podOf } from '../core/cluster.ts';
import type { Finding } from '../core/findings.ts';
import { count, print } from '../core/slots.ts';
import { byText } from '../core/text-order.ts';
import { ZONE_LABEL } from '../core/topology.ts';
import { firstSlots } from '../core/wording.ts';
import type { Limits } from './alerts.ts';
import { cell, cut, fenced, prose } from './escape.ts';
import { bytes, counted, grouped } from './units.ts';

const COLUMNS = ['NAME', 'IP', 'NODE', 'ZONE', 'ROLE', 'PRIMARY', 'SLOTS', 'KEYS', 'MEMORY', 'LINK'] as const;

/** What a summary shows of findings. */
const SUMMARY: Limits = { items: 200, text: 1_000 };

/** The members by name, as aligned text. */
export function membersTable(cluster: Cluster): string {
  return aligned([COLUMNS, ...rowsOf(cluster)]);
}

/** The members by Kubernetes node, as aligned text; a node is named once. */
export function membersByNode(cluster: Cluster): string {
  const [name, ip, node, zone, ...rest] = COLUMNS;
  return aligned([[node, zone, name, ip, ...rest], ...byNode(cluster)]);
}

/** The findings, one a line with what to do; the gravest first. */
export function findingsList(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'Nothing is wrong.';
  return gravestFirst(findings)
    .map((finding) => `${SIGNS[finding.weight]} ${finding.code}: ${finding.text} ${finding.remedy}`)
    .join('\n');
}

/**
 * Members by name and by Kubernetes node, and the findings, for the summary of a run. As text in a fence: in ten columns
 * of a Markdown table every name would wrap at its hyphens.
 */
export function statusMarkdown(cluster: Cluster, findings: readonly Finding[]): string {
  const title = `### ${counted(cluster.pods.length, 'pod')} of ${cell(cluster.workload?.name ?? 'a StatefulSet that does not exist')}`;
  const folded = [
    '<details>',
    '<summary>By Kubernetes node</summary>',
    '',
    ...fence(membersByNode(cluster)),
    '',
    '</details>',
  ];
  return [title, '', ...findingItems(findings, SUMMARY), '', ...fence(membersTable(cluster)), '', ...folded].join('\n');
}

function fence(text: string): readonly string[] {
  return ['```text', ...text.split('\n').map(fenced), '```'];
}

/** The findings as a Markdown list, the gravest first. */
export function findingItems(findings: readonly Finding[], limits: Limits): readonly string[] {
  if (findings.length === 0) return ['Nothing is wrong.'];
  const shown = gravestFirst(findings)
    .slice(0, limits.items)
    .map((finding) => findingItem(finding, limits.text));
  return findings.length <= limits.items ? shown : [...shown, `- and ${findings.length - limits.items} more`];
}

function findingItem({ weight, code, text, remedy }: Finding, most: number): string {
  return `- ${SIGNS[weight]} **${code}**: ${prose(cut(text, most))} ${prose(cut(remedy, most))}`;
}

const SIGNS = { blocks: '✗', differs: '!', note: 'i' } as const;
const WEIGHTS: readonly Finding['weight'][] = ['blocks', 'differs', 'note'];

function gravestFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => WEIGHTS.indexOf(a.weight) - WEIGHTS.indexOf(b.weight));
}

function rowsOf(cluster: Cluster): readonly (readonly string[])[] {
  const spoken = new Set(cluster.members.map((member) => member.pod));
  const silent = cluster.pods
    .filter((pod) => !spoken.has(pod.name))
    .map((pod) => {
      const link = pod.ready ? 'silent' : 'not ready';
      return [pod.name, pod.ip ?? '-', pod.node ?? '-', pod.domains[ZONE_LABEL] ?? '-', '-', '-', '-', '-', '-', link];
    });
  return [...cluster.members.map((member) => rowOf(member, cluster)), ...silent];
}

/** NODE and ZONE first, and only where they change. */
function byNode(cluster: Cluster): readonly (readonly string[])[] {
  const rows = rowsOf(cluster).map(([name = '', ip = '', node = '', zone = '', ...rest]) => {
    return { node, zone, rest: [name, ip, ...rest] };
  });
  const sorted = rows.toSorted((a, b) => byText(a.node, b.node));
  return sorted.map(({ node, zone, rest }, i) =>
    sorted[i - 1]?.node === node ? ['', '', ...rest] : [node, zone, ...rest],
  );
}

function rowOf(member: Member, cluster: Cluster): readonly string[] {
  const pod = podOf(cluster, member.pod);
  const { facts } = member;
  const slots =
    member.slots.length === 0 ? '-' : `${firstSlots(print(member.slots), 40)} (${grouped(count(member.slots))})`;
  return [
    member.pod,
    pod?.ip ?? '-',
    pod?.node ?? '-',
    pod?.domains[ZONE_LABEL] ?? '-',
    member.joined ? member.role : 'blank',
    member.primary ?? '-',
    slots,
    grouped(facts.keys),
    facts.maxMemory === 0 ? bytes(facts.memory) : `${bytes(facts.memory)} of ${bytes(facts.maxMemory)}`,
    linkOf(member),
  ];
}

function linkOf(member: Member): string {
  if (member.role === 'primary') return '-';
  if (member.synced) return 'up';
  return member.facts.lag > 0 ? `${bytes(member.facts.lag)} behind` : 'down';
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
