import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, sep } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { Secret } from '../../core/secret.ts';
import type { Environment } from './form.ts';
import type { Secrets } from './secrets.ts';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * The input `kubeconfig`, a content or a path. Credentials are masked wherever they will be taken from: the input, the
 * file that it or KUBECONFIG names, ~/.kube/config, or the service account of the pod.
 * Throws Failure `untrusted-pull-request` for a file that came along with what is not merged: it says where to connect to,
 * and may name programs to run.
 * @param text null: not given
 * @param isUnmerged whether the files of this run are such as nobody has agreed to yet
 */
export function readKubeconfig(
  text: string | null,
  env: Environment,
  isUnmerged: boolean,
  secrets: Secrets,
): Secret | null {
  if (text !== null && isContent(text)) {
    secrets.addKubeconfig(text);
    return new Secret(text);
  }
  for (const path of pathsOf(text, env)) {
    if (!isFile(path)) continue;
    if (isUnmerged) refuseInside(env['GITHUB_WORKSPACE'], path);
    secrets.addKubeconfig(readFileSync(path, 'utf8'));
  }
  if (existsSync(SERVICE_ACCOUNT)) secrets.add(readFileSync(SERVICE_ACCOUNT, 'utf8'));
  return text === null ? null : new Secret(text);
}

/** YAML of many lines, or JSON. */
function isContent(text: string): boolean {
  return /[\n{]/.test(text);
}

function pathsOf(text: string | null, env: Environment): readonly string[] {
  if (text !== null) return [text];
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return named.length > 0 ? named : [join(env['HOME'] ?? homedir(), '.kube', 'config')];
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function refuseInside(workspace: string | undefined, path: string): void {
  if (workspace === undefined || !existsSync(workspace)) return;
  if (!realpathSync(path).startsWith(realpathSync(workspace) + sep)) return;
  throw new Failure(
    'untrusted-pull-request',
    `Refused: the kubeconfig ${path} lies in the workspace, where files are that nobody has merged yet.`,
    { remedy: 'Give its content from a secret, or write it to a folder outside, such as that of RUNNER_TEMP.' },
  );
}
