import type { TestNamespace } from '../../support/kubernetes.ts';

/** Kubeconfigs (their content) of the two accounts of manifests/rbac.yaml. */
export interface Accounts {
  readonly plan: string;
  readonly apply: string;
}

/** Applies manifests/rbac.yaml to a namespace, as its administrator is told to. */
export async function accountsIn(namespace: TestNamespace): Promise<Accounts> {
  await namespace.applyFile('manifests/rbac.yaml', (text) =>
    text
      .replaceAll('namespace: cache', `namespace: ${namespace.name}`)
      .replaceAll('redis-cluster-topology-nodes', `redis-cluster-topology-nodes-${namespace.name}`),
  );
  return {
    plan: await namespace.accountConfig('redis-cluster-topology-plan'),
    apply: await namespace.accountConfig('redis-cluster-topology-apply'),
  };
}
