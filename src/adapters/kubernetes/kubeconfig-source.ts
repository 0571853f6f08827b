import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Where a pod has the token of its service account. */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Where the kubeconfig comes from; `named` is how a person knows it. */
export type Source = { readonly named: string } & (
  | { readonly kind: 'content'; readonly text: string }
  | { readonly kind: 'files'; readonly paths: readonly [string, ...string[]] }
  | { readonly kind: 'pod' }
);

/**
 * The first of: what was given, `KUBECONFIG`, ~/.kube/config, the service account of the pod; null where none is there. Decided here alone: what is
 * masked and refused is what is then used.
 * @param given a kubeconfig's content or path; null: none
 */
export function sourceOf(given: string | null, env: Readonly<Record<string, string | undefined>>): Source | null {
  const text = given?.trim() ?? '';
  if (isContent(text)) return { kind: 'content', text, named: 'the kubeconfig of the input `kubeconfig`' };
  if (text !== '') return { kind: 'files', paths: [text], named: nameOf(text) };
  const [first, ...others] = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (first !== undefined) {
    return { kind: 'files', paths: [first, ...others], named: 'the kubeconfig that `KUBECONFIG` names' };
  }
  const own = join(env['HOME'] ?? homedir(), '.kube', 'config');
  if (existsSync(own)) return { kind: 'files', paths: [own], named: 'the kubeconfig at ~/.kube/config' };
  return existsSync(SERVICE_ACCOUNT) ? { kind: 'pod', named: "the pod's service account" } : null;
}

/** What is no path of a file may be a secret that was taken for one, such as a kubeconfig in base64 or a bare token: it is not shown. */
function nameOf(path: string): string {
  return existsSync(path)
    ? `the kubeconfig at ${path} (the input \`kubeconfig\`)`
    : 'the input `kubeconfig`, which is neither a kubeconfig as YAML or JSON (one in base64 has to be decoded before) nor the path of a file that is there';
}

/** YAML of many lines, or JSON. */
function isContent(text: string): boolean {
  return /[\n{]/.test(text);
}
