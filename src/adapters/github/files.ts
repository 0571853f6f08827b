import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { type Errand, refusedWith } from './errors.ts';
import type { Repository } from './repository.ts';
import type { Visit } from './requests.ts';

const FILE = z.object({
  data: z.union([
    z.object({ type: z.literal('file'), encoding: z.string(), content: z.string(), size: z.number() }),
    z.object({ type: z.enum(['symlink', 'submodule']) }),
    z.array(z.unknown()),
  ]),
});

/** Null when the commit is there and has no such file. */
export async function readFile(
  repository: Repository,
  visit: Visit,
  path: string,
  ref: string,
): Promise<string | null> {
  const errand: Errand = { doing: `read ${path} at ${ref}`, permission: 'contents: read' };
  try {
    const { data } = await repository.requests.send(visit, errand, FILE, (octokit, request) =>
      octokit.rest.repos.getContent({ ...repository.name, path, ref, request }),
    );
    return textOf(data, path, ref);
  } catch (thrown) {
    if (refusedWith(thrown) !== 404) throw thrown;
    await expectCommit(repository, visit, errand, ref);
    return null;
  }
}

/** 404 also means: no such commit, or no right to see the repository. Then nobody knows whether the file is there. */
async function expectCommit(repository: Repository, visit: Visit, errand: Errand, ref: string): Promise<void> {
  await repository.requests.send(visit, errand, z.object({ data: z.object({ sha: z.string() }) }), (octokit, request) =>
    octokit.rest.repos.getCommit({ ...repository.name, ref, per_page: 1, request }),
  );
}

function textOf(data: z.infer<typeof FILE>['data'], path: string, ref: string): string {
  if ('type' in data && data.type === 'file' && data.encoding === 'base64') {
    return Buffer.from(data.content, 'base64').toString('utf8');
  }
  // Above 1 MB GitHub gives the encoding `none` and no content.
  const seen = !('type' in data)
    ? 'a folder'
    : data.type === 'file'
      ? `a file of ${data.size} bytes, more than GitHub gives`
      : `a ${data.type}`;
  throw new Failure('github-error', `Cannot read ${path} at ${ref}: it is ${seen}.`, {
    remedy: 'Name a plain file smaller than 1 MB.',
  });
}
