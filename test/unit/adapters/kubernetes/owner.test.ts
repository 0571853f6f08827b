import { expect, test } from '@jest/globals';
import { ownersOf } from '../../../../src/adapters/kubernetes/owner.ts';
import {
  AUTOSCALER,
  type AutoscalerObject,
  STATEFUL_SET,
  type StatefulSetObject,
} from '../../../../src/adapters/kubernetes/shapes.ts';
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
  // Once something else has scaled, the entry that is left has no replicas any more.
  ['argocd-controller', { 'f:spec': { 'f:template': {} } }, 'Argo CD (field manager argocd-controller)'],
  ['argocd-controller', undefined, 'Argo CD (field manager argocd-controller)'],
  ['kubectl', REPLICAS, null],
  ['redis-cluster-topology', REPLICAS, null],
])('the fields %s manages, %j: %s', (manager, fields, owner) => {
  expect(ownersOf(setManagedBy(manager, fields), [])).toEqual(owner === null ? [] : [owner]);
});

test('an annotation is told with its value', () => {
  const set = setManagedBy('kubectl', REPLICAS, { annotations: { 'meta.helm.sh/release-name': 'cache' } });
  expect(ownersOf(set, [])).toEqual(['Helm (meta.helm.sh/release-name: cache)']);
});

test.each([
  ['argocd-controller', 'ignoreDifferences: [{group: apps, kind: StatefulSet, name: redis-cluster,'],
  ['kustomize-controller', 'driftDetection: {mode: enabled, ignore: [{paths: [/spec/replicas],'],
  ['helm', 'Give the chart the new number of pods'],
  ['keda-operator', 'Delete its ScaledObject'],
])('what to add so that %s leaves the number of pods alone', (manager, lines) => {
  const [owner = ''] = ownersOf(setManagedBy(manager, REPLICAS), []);
  expect(leaveReplicas(owner, 'redis-cluster')).toContain(lines);
});

function autoscalerOf(name: string, target: string, owner?: object): AutoscalerObject {
  const spec = { scaleTargetRef: { kind: 'StatefulSet', name: target } };
  return AUTOSCALER.parse({ metadata: { name, ownerReferences: owner === undefined ? [] : [owner] }, spec });
}

test('an autoscaler has to go', () => {
  const autoscalers = [autoscalerOf('of-another', 'sessions'), autoscalerOf('by-load', 'redis-cluster')];
  const [owner = '', ...more] = ownersOf(setManagedBy('kubectl', REPLICAS), autoscalers);
  expect([owner, more]).toEqual(['the HorizontalPodAutoscaler by-load', []]);
  expect(leaveReplicas(owner, 'redis-cluster')).toContain('Delete the autoscaler');
});

test('of an autoscaler that KEDA makes, its ScaledObject has to go: KEDA would make it anew', () => {
  const scaled = { kind: 'ScaledObject', name: 'cache', uid: '1', controller: true };
  const autoscaler = autoscalerOf('keda-hpa-cache', 'redis-cluster', scaled);
  const [owner = '', ...more] = ownersOf(setManagedBy('keda-operator', REPLICAS), [autoscaler]);
  expect([owner, more]).toEqual(['KEDA (ScaledObject cache)', []]);
  expect(leaveReplicas(owner, 'redis-cluster')).toContain('Delete its ScaledObject');
});

test('an operator whose object the StatefulSet is made of is told', () => {
  const ownerReferences = [{ kind: 'RedisCluster', name: 'cache', uid: '1', controller: true }];
  const [owner = ''] = ownersOf(setManagedBy('manager', REPLICAS, { ownerReferences }), []);
  expect(owner).toBe('the controller of RedisCluster cache');
  expect(leaveReplicas(owner, 'redis-cluster')).toContain('only one of the two can run the cluster');
});

test('all of them are told, each once', () => {
  const set = setManagedBy('argocd-controller', REPLICAS, {
    labels: { 'app.kubernetes.io/managed-by': 'Helm', 'argocd.argoproj.io/instance': 'cache' },
  });
  expect(ownersOf(set, [autoscalerOf('by-load', 'redis-cluster')])).toEqual([
    'the HorizontalPodAutoscaler by-load',
    'Argo CD (field manager argocd-controller)',
  ]);
});
