import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { Failure } from '../../core/failure.ts';
import { Secret } from '../../core/secret.ts';
import { isWithin } from '../is-within.ts';
import { SERVICE_ACCOUNT, sourceOf } from '../kubernetes/kubeconfig-source.ts';
import type { Environment } from './form.ts';
import type { Secrets } from './secrets.ts';

/** What is given in place of a path, and is as long, may be a token, or a kubeconfig in base64. */
const SHORTEST_TOKEN = 40;

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
  const source = sourceOf(text, env);
  if (source?.kind === 'content') secrets.addKubeconfig(source.text);
  for (const path of source?.kind === 'files' ? source.paths : []) {
    if (!isFile(path)) {
      if (path.length >= SHORTEST_TOKEN) secrets.add(path);
      continue;
    }
    if (isUnmerged) refuseInside(env['GITHUB_WORKSPACE'], path);
    secrets.addKubeconfig(readFileSync(path, 'utf8'));
  }
  // A kubeconfig may name it, too.
  if (existsSync(SERVICE_ACCOUNT)) secrets.add(readFileSync(SERVICE_ACCOUNT, 'utf8'));
  return text === null ? null : new Secret(text);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function refuseInside(workspace: string | undefined, path: string): void {
  if (workspace === undefined || !existsSync(workspace)) return;
  if (!isWithin(realpathSync(workspace), realpathSync(path))) return;
  throw new Failure(
    'untrusted-pull-request',
    `Refused: the kubeconfig ${path} lies in the workspace, where files are that nobody has merged yet.`,
    { remedy: 'Give its content from a secret, or write it to a folder outside, such as that of RUNNER_TEMP.' },
  );
}
