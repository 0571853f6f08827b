import { KubeConfig } from '@kubernetes/client-node';
import { Failure } from '../../core/failure.ts';
import { saysOf } from './errors.ts';
import { type Source, sourceOf } from './kubeconfig-source.ts';

export interface KubeConfigInput {
  /** A kubeconfig's content, or the path of one; null: `KUBECONFIG`, `~/.kube/config`, then the pod's service account. */
  readonly kubeconfig: string | null;
  /** Null: the kubeconfig's current one. */
  readonly context: string | null;
}

/**
 * Finds out how to reach the API server. Nothing is sent yet.
 * Throws Failure `kubernetes-unreachable`. Its text never holds any part of a kubeconfig, and the parser's own error is
 * not kept as cause: it quotes lines, and with them tokens.
 */
export function loadKubeConfig(input: KubeConfigInput, env: NodeJS.ProcessEnv): KubeConfig {
  const source = sourceOf(input.kubeconfig, env);
  if (source === null) throw nowhere();
  const config = new KubeConfig();
  try {
    load(config, source);
    if (input.context !== null) config.setCurrentContext(input.context);
  } catch (thrown) {
    throw unusable(source, reasonOf(thrown));
  }
  const contexts = listOf(config.contexts).map((context) => context.name);
  const current = contexts.find((name) => name === config.currentContext);
  if (current === undefined) throw noContext(source, config.currentContext, contexts);
  if (config.getCurrentCluster() === null || config.getCurrentUser() === null) {
    throw unusable(source, `its context "${current}" names a cluster or user that it does not have`);
  }
  return config;
}

function load(config: KubeConfig, source: Source): void {
  switch (source.kind) {
    case 'content':
      config.loadFromString(source.text);
      break;
    case 'files':
      loadFiles(config, source.paths);
      break;
    case 'pod':
      config.loadFromCluster();
      break;
  }
}

/** Of several the last one's current context counts: so the client itself reads `KUBECONFIG`. */
function loadFiles(config: KubeConfig, [first, ...others]: readonly [string, ...string[]]): void {
  config.loadFromFile(first);
  for (const path of others) {
    const more = new KubeConfig();
    more.loadFromFile(path);
    config.mergeConfig(more);
  }
}

/** A YAML text such as `just a word` leaves the client's lists undefined, whatever their types say. */
function listOf<T>(list: readonly T[] | undefined): readonly T[] {
  return list ?? [];
}

function nowhere(): Failure {
  return new Failure(
    'kubernetes-unreachable',
    'Cannot reach Kubernetes: no kubeconfig was given, `KUBECONFIG` and ~/.kube/config are not there, and this is no pod with a service account.',
    {
      remedy:
        'Give the input `kubeconfig` (a content or a path; at a terminal `--kubeconfig FILE`), or log in to the cluster before.',
    },
  );
}

function unusable(source: Source, reason: string): Failure {
  return new Failure('kubernetes-unreachable', `Cannot use ${source.named}: ${reason}.`, {
    remedy: 'Give a kubeconfig that `kubectl` accepts, with its credentials in it.',
  });
}

function noContext(source: Source, wanted: string | undefined, contexts: readonly string[]): Failure {
  if (contexts.length === 0) return unusable(source, 'it has no contexts, so it is empty or no kubeconfig');
  const has = `it has ${contexts.map((name) => `"${name}"`).join(', ')}`;
  const asked =
    wanted === undefined || wanted === '' ? 'it names no current context' : `there is no context "${wanted}"`;
  return new Failure('kubernetes-unreachable', `Cannot use ${source.named}: ${asked}; ${has}.`, {
    remedy: 'Set the input `context` to one of the contexts of the kubeconfig.',
  });
}

/** Only what cannot quote the file: the operating system's code. */
function reasonOf(thrown: unknown): string {
  const code = saysOf(thrown, 'code');
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'it may not be read';
  if (code === 'EISDIR') return 'it is a folder';
  return 'it is not valid YAML with clusters, users and contexts';
}
