import { inRepository } from './adapters/topology/in-repository.ts';
import { readTopology } from './adapters/topology/read.ts';
import type { DeclaredAt } from './commands/desk.ts';
import type { GitHub } from './ports/github.ts';

/** Where the files of a run lie, and whose they are. */
export interface Checkout {
  readonly workspace: string;
  /** `owner/name` */
  readonly repository: string;
  readonly github: GitHub | null;
}

/** What a commit or branch of the repository has in place of a file of the workspace. Throws Failure `github-error`. */
export async function declaredAt(
  file: string,
  ref: string,
  { workspace, repository, github }: Checkout,
  signal: AbortSignal,
): Promise<DeclaredAt> {
  if (github === null) return { kind: 'none' };
  const path = inRepository(workspace, file, repository);
  if (path === null) return { kind: 'other-repository' };
  const text = await github.readFile(path, ref, { signal });
  if (text === null) return { kind: 'none' };
  const read = readTopology(text, file);
  return read.kind === 'topology' ? read : { kind: 'mistakes' };
}
