import { podCount, type Topology } from '../core/topology.ts';
import { type Base, changeWords } from './declared-change.ts';
import { factsOf, placeOf } from './declared-facts.ts';
import { cell, code, prose } from './escape.ts';
import { type CommentContext, footer } from './footer.ts';
import { counted } from './units.ts';

/** What a change of the file means, said without looking at any cluster. `why` says why nobody looked. */
export function offlineBody(after: Topology, base: Base, why: string, context: CommentContext): string {
  return [
    `### Redis Cluster ${code(after.name)}`,
    '',
    `**${prose(changeWords(after, base))}.** The file is valid; the cluster was not looked at.`,
    '',
    '> [!NOTE]',
    `> ${cell(why)}`,
    ...(base.kind === 'unknown' ? ['>', `> What the base branch has is not shown: ${prose(base.why)}`] : []),
    '',
    ...dangerOf(after, base.kind === 'topology' ? base.topology : null),
    ...tableOf(after, base.kind === 'topology' ? base.topology : null),
    '',
    footer(context, null),
  ].join('\n');
}

/** With both sides where both are known; what changes is bold. */
function tableOf(after: Topology, before: Topology | null): readonly string[] {
  const facts = factsOf(after);
  if (before === null) {
    return [
      '| | this pull request |',
      '| :-- | :-- |',
      ...facts.map(({ name, text }) => `| ${name} | ${cell(text)} |`),
    ];
  }
  const was = factsOf(before);
  const rows = facts.map(({ name, text, value }, i) => {
    const now = value === was[i]?.value ? cell(text) : `**${cell(text)}**`;
    return `| ${name} | ${cell(was[i]?.text ?? '')} | ${now} |`;
  });
  return ['| | base | this pull request |', '| :-- | :-- | :-- |', ...rows];
}

/** Where credentials would go, and whether data would. @param before null where it is not known, or there is none */
function dangerOf(after: Topology, before: Topology | null): readonly string[] {
  const lines: string[] = [];
  if (after.state === 'absent' && before?.state !== 'absent')
    lines.push(`The cluster is to be deleted with its data. The step that applies needs ${code('allow: destroy')}.`);
  if (before !== null && placeOf(before) !== placeOf(after)) {
    lines.push(`The file points at another cluster: ${code(placeOf(before))} → ${code(placeOf(after))}.`);
  }
  lines.push(...volumeDanger(after, before));
  return lines.length === 0 ? [] : ['> [!CAUTION]', ...lines.map((line) => `> - ${line}`), ''];
}

function volumeDanger(after: Topology, before: Topology | null): readonly string[] {
  if (after.volumes.onScaleDown !== 'delete' || after.state === 'absent') return [];
  const gone = before === null ? 0 : podCount(before) - podCount(after);
  const isNew = before?.volumes.onScaleDown !== 'delete';
  if (gone <= 0 && !isNew) return [];
  const whose = gone === 1 ? '1 pod goes, and its volumes are' : `${counted(gone, 'pod')} go, and their volumes are`;
  const words = gone > 0 ? whose : 'Volumes of pods that go from now on are';
  const old = isNew ? ', and so are those that were kept before' : '';
  const needs = `The step that applies needs ${code('allow: delete-volumes')}.`;
  return [`${words} deleted with all that is on them (${code('onScaleDown: delete')})${old}. ${needs}`];
}
