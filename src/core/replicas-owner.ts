const PAGE = 'docs/how-to/argo-cd-flux-helm.md';

/**
 * By how the words of `Workload.owners` begin: what to add to the owner's configuration so that it leaves the number of pods alone.
 * Never to take `replicas` out of what is applied already: who owns a field and drops it gets the default, which is one pod.
 */
const LINES: readonly (readonly [owner: RegExp, lines: (set: string) => string])[] = [
  [
    /^Argo CD/,
    (set) =>
      `Add to the spec of its Application \`ignoreDifferences: [{group: apps, kind: StatefulSet, name: ${set}, jsonPointers: [/spec/replicas]}]\` and \`syncPolicy: {syncOptions: [RespectIgnoreDifferences=true]}\`.`,
  ],
  [
    /^Flux/,
    (set) =>
      `Hand the field over as ${PAGE} says; to a HelmRelease add \`driftDetection: {mode: enabled, ignore: [{paths: [/spec/replicas], target: {kind: StatefulSet, name: ${set}}}]}\`.`,
  ],
  [
    /^Helm/,
    () => `Give the chart the new number of pods before its next upgrade, or let it keep what is there (${PAGE}).`,
  ],
  [/^the HorizontalPodAutoscaler/, () => 'Delete the autoscaler: the number of pods follows from topology.yaml.'],
  [
    /^the controller of/,
    () => 'An operator makes the StatefulSet what its own object says: only one of the two can run the cluster.',
  ],
  [/^KEDA/, () => 'Delete its ScaledObject: the number of pods follows from topology.yaml.'],
];

/** @param owner one of `Workload.owners` */
export function leaveReplicas(owner: string, statefulSet: string): string {
  const lines = LINES.find(([pattern]) => pattern.test(owner))?.[1];
  return lines === undefined ? `See that it leaves \`spec.replicas\` alone (${PAGE}).` : lines(statefulSet);
}
