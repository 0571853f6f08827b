import { expect, test } from '@jest/globals';
import { ownerOf } from '../../../../src/adapters/kubernetes/owner.ts';
import { AUTOSCALER, STATEFUL_SET, type StatefulSetObject } from '../../../../src/adapters/kubernetes/shapes.ts';
import { leaveReplicas } from '../../../../src/core/replicas-owner.ts';

function setManagedBy(manager: string, fields: unknown, more: object = {}): StatefulSetObject {
  return STATEFUL_SET.parse({
    metadata: { name: 'redis-cluster', managedFields: [{ manager, operation: 'Apply', fieldsV1: fields }], ...more },
    spec: { selector: {} },
  });
}

const REPLICAS = { 'f:spec': { 'f:replicas': {} } };

test.each([
  ['argocd-controller', REPLICAS, 'Argo CD (field manager argocd-controller)'],
  ['kustomize-controller', REPLICAS, 'Flux (field manager kustomize-controller)'],
  ['helm', REPLICAS, 'Helm (field manager helm)'],
  ['argocd-controller', { 'f:spec': { 'f:template': {} } }, null],
  ['kubectl', REPLICAS, null],
  ['redis-cluster-topology', REPLICAS, null],
  ['argocd-controller', undefined, null],
])('the fields %s manages, %j: %s', (manager, fields, owner) => {
  expect(ownerOf(setManagedBy(manager, fields), [])).toBe(owner);
});

test('an annotation is told with its value', () => {
  const set = setManagedBy('kubectl', REPLICAS, { annotations: { 'meta.helm.sh/release-name': 'cache' } });
  expect(ownerOf(set, [])).toBe('Helm (meta.helm.sh/release-name: cache)');
});

test.each([
  ['argocd-controller', 'ignoreDifferences: [{group: apps, kind: StatefulSet, name: redis-cluster,'],
  ['kustomize-controller', 'driftDetection: {mode: enabled, ignore: [{paths: [/spec/replicas],'],
  ['helm', 'Give the chart the new number of pods'],
  ['keda-operator', 'Delete its ScaledObject'],
])('what to add so that %s leaves the number of pods alone', (manager, lines) => {
  const owner = ownerOf(setManagedBy(manager, REPLICAS), []) ?? '';
  expect(leaveReplicas(owner, 'redis-cluster')).toContain(lines);
});

test('an autoscaler has to go', () => {
  const spec = { scaleTargetRef: { kind: 'StatefulSet', name: 'redis-cluster' } };
  const autoscaler = AUTOSCALER.parse({ metadata: { name: 'by-load' }, spec });
  const owner = ownerOf(setManagedBy('kubectl', REPLICAS), [autoscaler]) ?? '';
  expect(owner).toBe('the HorizontalPodAutoscaler by-load');
  expect(leaveReplicas(owner, 'redis-cluster')).toContain('Delete it');
});
