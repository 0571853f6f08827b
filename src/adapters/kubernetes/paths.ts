import type { Subject, Verb } from './errors.ts';

/** A request's subject and path for the resources that the adapter knows by itself. */
export interface Located extends Subject {
  readonly path: string;
}

/** Something in a namespace; `resource` may have a subresource: `statefulsets/scale`. Without a name: the collection. */
export function inNamespace(
  verb: Verb,
  group: string,
  version: string,
  namespace: string,
  resource: string,
  name: string | null,
): Located {
  const [plural, subresource] = resource.split('/');
  const path = [base(group, version), 'namespaces', namespace, plural, name, subresource]
    .filter((part) => part !== null && part !== undefined)
    .join('/');
  return { verb, group, resource, namespace, name, path };
}

export function clusterWide(
  verb: Verb,
  group: string,
  version: string,
  resource: string,
  name: string | null,
): Located {
  const path = [base(group, version), resource, name].filter((part) => part !== null).join('/');
  return { verb, group, resource, namespace: null, name, path };
}

export function base(group: string, version: string): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** `apps/v1` → ['apps', 'v1']; `v1` → ['', 'v1'] */
export function splitApiVersion(apiVersion: string): readonly [group: string, version: string] {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}
