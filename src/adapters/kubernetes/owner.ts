import type { AutoscalerObject, StatefulSetObject } from './shapes.ts';

/** Field managers (of server-side apply and of plain updates) of what sets what Git or a chart says, again and again. */
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

/**
 * Whatever else may write the number of pods, in words: each tool once, by the first thing that tells of it.
 * A trace of the tool is enough, although it may leave `replicas` out: after this action has scaled, the field managers no
 * longer tell whose field it was. By labels alone Argo CD cannot be told from Helm (both use app.kubernetes.io/instance).
 */
export function ownersOf(set: StatefulSetObject, autoscalers: readonly AutoscalerObject[]): readonly string[] {
  const { name, labels, annotations, managedFields, ownerReferences } = set.metadata;
  const found = new Map<string, string>();
  const add = (tool: string, words: string): void => {
    if (!found.has(tool)) found.set(tool, words);
  };
  for (const { spec, metadata } of autoscalers) {
    if (spec.scaleTargetRef.kind !== 'StatefulSet' || spec.scaleTargetRef.name !== name) continue;
    // KEDA makes one anew that somebody has deleted.
    const scaled = metadata.ownerReferences.find(({ kind }) => kind === 'ScaledObject');
    if (scaled === undefined) add(`autoscaler ${metadata.name}`, `the HorizontalPodAutoscaler ${metadata.name}`);
    else add('KEDA', `KEDA (ScaledObject ${scaled.name})`);
  }
  for (const { controller, kind, name: object } of ownerReferences) {
    if (controller) add(`controller ${kind}`, `the controller of ${kind} ${object}`);
  }
  for (const { manager } of managedFields) {
    const tool = MANAGERS[manager];
    if (tool !== undefined) add(tool, `${tool} (field manager ${manager})`);
  }
  for (const [key, tool] of MARKS) {
    const value = annotations[key] ?? labels[key];
    if (value !== undefined) add(tool, `${tool} (${key}: ${value})`);
  }
  if (labels['app.kubernetes.io/managed-by'] === 'Helm') add('Helm', 'Helm (app.kubernetes.io/managed-by: Helm)');
  // Both render or install charts: it is in them that the number of pods is to be left alone.
  if (found.has('Argo CD') || found.has('Flux')) found.delete('Helm');
  return [...found.values()];
}
