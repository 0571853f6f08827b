import { Failure } from '../../core/failure.ts';
import type { Api } from './api.ts';
import type { Subject, Verb } from './errors.ts';
import { base, clusterWide, inNamespace, type Located, splitApiVersion } from './paths.ts';
import { RESOURCE_LIST } from './shapes.ts';

/** What names a resource of any kind. */
export interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | null;
}

interface Kind {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Finds the address of resources of any kind, custom ones too, by asking the server what it serves (once a group). */
export class Resources {
  readonly #api: Api;
  readonly #served = new Map<string, Promise<ReadonlyMap<string, Kind>>>();

  constructor(api: Api) {
    this.#api = api;
  }

  /**
   * @param namespace where the resource is when it does not say so itself
   * Throws Failure `invalid-manifests` for a kind that the server does not have.
   */
  async locate(verb: Verb, resource: Named, namespace: string, options: { signal: AbortSignal }): Promise<Located> {
    const [group, version] = splitApiVersion(resource.apiVersion);
    const kind = (await this.#kinds(group, version, options)).get(resource.kind);
    if (kind === undefined) throw unknownKind(resource);
    return kind.namespaced
      ? inNamespace(verb, group, version, resource.namespace ?? namespace, kind.plural, resource.name)
      : clusterWide(verb, group, version, kind.plural, resource.name);
  }

  async #kinds(group: string, version: string, options: { signal: AbortSignal }): Promise<ReadonlyMap<string, Kind>> {
    const path = base(group, version);
    const known = this.#served.get(path);
    if (known !== undefined) return known;
    const asked = this.#discover(group, path, options);
    this.#served.set(path, asked);
    try {
      return await asked;
    } catch (thrown) {
      this.#served.delete(path);
      throw thrown;
    }
  }

  async #discover(group: string, path: string, options: { signal: AbortSignal }): Promise<ReadonlyMap<string, Kind>> {
    const subject: Subject = { verb: 'get', group, resource: 'the list of kinds of', namespace: null, name: path };
    const list = await this.#api.read({ ...subject, path, expected: [404] }, RESOURCE_LIST, options);
    // Subresources stand in the same list: `statefulsets/scale` has the kind Scale.
    const own = (list?.resources ?? []).filter((resource) => !resource.name.includes('/'));
    return new Map(own.map(({ kind, name, namespaced }) => [kind, { plural: name, namespaced }]));
  }
}

function unknownKind({ apiVersion, kind, name }: Named): Failure {
  return new Failure(
    'invalid-manifests',
    `Cannot find ${kind}/${name}: this Kubernetes has no ${kind} of ${apiVersion}.`,
    {
      remedy: 'Correct apiVersion and kind, or install what brings this kind (its CustomResourceDefinition) first.',
    },
  );
}
