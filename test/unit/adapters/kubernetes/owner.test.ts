import { expect, test } from '@jest/globals';
import { ownerOf } from '../../../../src/adapters/kubernetes/owner.ts';
import { STATEFUL_SET, type StatefulSetObject } from '../../../../src/adapters/kubernetes/shapes.ts';

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
