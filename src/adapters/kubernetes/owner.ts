import { z } from 'zod';
import type { AutoscalerObject, StatefulSetObject } from './shapes.ts';

/** Field managers (of server-side apply and of plain updates) that set what Git or a chart says, again and again. */
const MANAGERS: Readonly<Record<string, string>> = {
  'argocd-controller': 'Argo CD',
  'argocd-application-controller': 'Argo CD',
  'kustomize-controller': 'Flux',
  'helm-controller': 'Flux',
  helm: 'Helm',
  Helm: 'Helm',
  'keda-operator': 'KEDA',
};

/** Labels and annotations that the tools put on what they manage. */
const MARKS: readonly (readonly [key: string, tool: string])[] = [
  ['argocd.argoproj.io/tracking-id', 'Argo CD'],
  ['argocd.argoproj.io/instance', 'Argo CD'],
  ['kustomize.toolkit.fluxcd.io/name', 'Flux'],
  ['helm.toolkit.fluxcd.io/name', 'Flux'],
  ['meta.helm.sh/release-name', 'Helm'],
];

const OWNS_REPLICAS = z.object({ 'f:spec': z.object({ 'f:replicas': z.unknown() }) });

/**
 * What else writes the number of pods, in words; null when nothing was noticed.
 * A mark alone counts, although the tool may leave `replicas` out: after this action has scaled, the field managers no
 * longer tell whose field it was.
 */
export function ownerOf(set: StatefulSetObject, autoscalers: readonly AutoscalerObject[]): string | null {
  const autoscaler = autoscalers.find(
    ({ spec }) => spec.scaleTargetRef.kind === 'StatefulSet' && spec.scaleTargetRef.name === set.metadata.name,
  );
  if (autoscaler !== undefined) return `the HorizontalPodAutoscaler ${autoscaler.metadata.name}`;
  for (const { manager, fieldsV1 } of set.metadata.managedFields) {
    const tool = MANAGERS[manager];
    if (tool !== undefined && hasReplicas(fieldsV1)) return `${tool} (field manager ${manager})`;
  }
  const { labels, annotations } = set.metadata;
  for (const [key, tool] of MARKS) {
    const value = annotations[key] ?? labels[key];
    if (value !== undefined) return `${tool} (${key}: ${value})`;
  }
  return labels['app.kubernetes.io/managed-by'] === 'Helm' ? 'Helm (app.kubernetes.io/managed-by: Helm)' : null;
}

function hasReplicas(fields: unknown): boolean {
  const read = OWNS_REPLICAS.safeParse(fields);
  return read.success && read.data['f:spec']['f:replicas'] !== undefined;
}
