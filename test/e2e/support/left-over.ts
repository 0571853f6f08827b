import { AppsV1Api, CoreV1Api, PolicyV1Api } from '@kubernetes/client-node';
import type { TestNamespace } from '../../support/kubernetes.ts';

/** What Kubernetes itself puts into every namespace. */
const ALWAYS = ['ConfigMap/kube-root-ca.crt'];

/** What a cluster may have left in a namespace, as `Kind/name`. */
export async function leftIn({ config, name: namespace }: TestNamespace): Promise<readonly string[]> {
  const core = config.makeApiClient(CoreV1Api);
  const lists = await Promise.all([
    named('StatefulSet', config.makeApiClient(AppsV1Api).listNamespacedStatefulSet({ namespace })),
    named('Pod', core.listNamespacedPod({ namespace })),
    named('PersistentVolumeClaim', core.listNamespacedPersistentVolumeClaim({ namespace })),
    named('Service', core.listNamespacedService({ namespace })),
    named('ConfigMap', core.listNamespacedConfigMap({ namespace })),
    named('PodDisruptionBudget', config.makeApiClient(PolicyV1Api).listNamespacedPodDisruptionBudget({ namespace })),
  ]);
  return lists.flat().filter((name) => !ALWAYS.includes(name));
}

async function named(
  kind: string,
  list: Promise<{ items: readonly { metadata?: { name?: string } }[] }>,
): Promise<readonly string[]> {
  return (await list).items.map((item) => `${kind}/${item.metadata?.name ?? ''}`);
}
