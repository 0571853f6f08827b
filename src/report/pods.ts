import { type Plan, steps } from '../plan/plan.ts';
import { code } from './escape.ts';
import { counted } from './units.ts';

/** Of more pods or volumes than this the first are named. */
const MOST_NAMED = 12;

/** Pods that come and go and what becomes of their volumes, as items of a list. */
export function podsList(plan: Plan, { isToCome }: { isToCome: boolean }): readonly string[] {
  const { before, layout, unbound } = plan;
  const had = new Set(before.pods.map((pod) => pod.name));
  const has = new Set(layout.pods);
  const come = layout.pods.filter((pod) => !had.has(pod));
  const go = before.pods.map((pod) => pod.name).filter((pod) => !has.has(pod));
  const lines: string[] = [];
  if (come.length > 0) lines.push(`- **${counted(come.length, 'pod')} added:** ${named(come)}`);
  if (go.length > 0) lines.push(`- **${counted(go.length, 'pod')} removed:** ${named(go)}`);
  lines.push(...volumesOf(plan, go));
  if (isToCome && unbound.length > 1) {
    const who = unbound.every((pod) => come.includes(pod)) ? 'they' : named(unbound);
    lines.push(
      `- **Kubernetes decides where they run:** ${who} may swap roles, so that no node gets a primary together with its replica.`,
    );
  }
  return lines;
}

function volumesOf(plan: Plan, go: readonly string[]): readonly string[] {
  // Those that are deleted are named where it is warned of them.
  if (steps(plan).some((step) => step.kind === 'delete-volumes')) return [];
  const gone = new Set(go);
  const kept = plan.before.volumes.filter((volume) => [...gone].some((pod) => volume.claim.endsWith(`-${pod}`)));
  if (kept.length === 0) return [];
  return [`- **${counted(kept.length, 'volume')} kept:** ${named(kept.map((volume) => volume.claim))}`];
}

function named(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).map(code).join(', ');
  return names.length <= MOST_NAMED ? shown : `${shown} and ${names.length - MOST_NAMED} more`;
}
