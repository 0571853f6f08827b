import { type Cluster, type Member, podOf } from '../core/cluster.ts';
import type { Finding } from '../core/findings.ts';
import { count, print } from '../core/slots.ts';
import { cell } from './escape.ts';
import { bytes, grouped } from './units.ts';

const COLUMNS = ['NAME', 'IP', 'NODE', 'ZONE', 'ROLE', 'PRIMARY', 'SLOTS', 'KEYS', 'MEMORY', 'LINK'] as const;

const ZONE = 'topology.kubernetes.io/zone';

/** The members by name, as aligned text. */
export function membersTable(cluster: Cluster): string {
  return aligned([COLUMNS, ...rowsOf(cluster)]);
}

/** The members by Kubernetes node, as aligned text. */
export function membersByNode(cluster: Cluster): string {
  const rows = rowsOf(cluster).map(([name = '', ip = '', node = '', ...rest]) => [node, name, ip, ...rest]);
  const [name, ip, node, ...rest] = COLUMNS;
  const sorted = rows.toSorted((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : Number((a[0] ?? '') > (b[0] ?? ''))));
  return aligned([[node, name, ip, ...rest], ...sorted]);
}

/** The findings, one a line with what to do. */
export function findingsList(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'Nothing is wrong.';
  return findings
    .map((finding) => `${SIGNS[finding.weight]} ${finding.code}: ${finding.text} ${finding.remedy}`)
    .join('\n');
}

/** Members and findings for the summary of a run. */
export function statusMarkdown(cluster: Cluster, findings: readonly Finding[]): string {
  const rows = rowsOf(cluster).map((row) => `| ${row.map(cell).join(' | ')} |`);
  return [
    `| ${COLUMNS.join(' | ')} |`,
    `| ${COLUMNS.map(() => '---').join(' | ')} |`,
    ...rows,
    '',
    ...(findings.length === 0 ? ['Nothing is wrong.'] : findings.map(findingLine)),
  ].join('\n');
}

/** One finding as an item of a Markdown list. */
export function findingLine(finding: Finding): string {
  return `- ${SIGNS[finding.weight]} **${finding.code}**: ${cell(finding.text)} ${cell(finding.remedy)}`;
}

const SIGNS = { blocks: '✗', differs: '!', note: 'i' } as const;

function rowsOf(cluster: Cluster): readonly (readonly string[])[] {
  const spoken = new Set(cluster.members.map((member) => member.pod));
  const silent = cluster.pods
    .filter((pod) => !spoken.has(pod.name))
    .map((pod) => [
      pod.name,
      pod.ip ?? '-',
      pod.node ?? '-',
      pod.domains[ZONE] ?? '-',
      '-',
      '-',
      '-',
      '-',
      '-',
      pod.ready ? 'silent' : 'not ready',
    ]);
  return [...cluster.members.map((member) => rowOf(member, cluster)), ...silent];
}

function rowOf(member: Member, cluster: Cluster): readonly string[] {
  const pod = podOf(cluster, member.pod);
  const { facts } = member;
  const slots = member.slots.length === 0 ? '-' : `${shortened(print(member.slots))} (${grouped(count(member.slots))})`;
  return [
    member.pod,
    pod?.ip ?? '-',
    pod?.node ?? '-',
    pod?.domains[ZONE] ?? '-',
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

function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, text.lastIndexOf(',', 40))},…`;
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
