import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inWorkspace } from '../../../../src/adapters/topology/in-workspace.ts';

let workspace: string;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'workspace-'));
  for (const [folder, repository] of Object.entries({ repo: 'acme/cache', 'deep/other': 'acme/other' })) {
    const git = join(workspace, folder, '.git');
    await mkdir(git, { recursive: true });
    await writeFile(join(git, 'config'), `[remote "origin"]\n\turl = https://github.com/${repository}\n`);
  }
});

afterAll(() => rm(workspace, { recursive: true }));

test.each([
  ['in the folder of its checkout', ['repo/topology.yaml'], 'topology.yaml', 'repo/topology.yaml'],
  ['by a pattern below that', ['repo/clusters/**/*.yaml'], 'clusters/eu/a.yaml', 'repo/clusters/eu/a.yaml'],
  ['in the workspace itself', ['clusters/*.yaml'], 'clusters/a.yaml', 'clusters/a.yaml'],
  ['by one of several patterns', ['a.yaml', 'repo/*.yaml'], 'b.yaml', 'repo/b.yaml'],
  ['in the checkout of another repository: not', ['deep/other/*.yaml'], 'a.yaml', null],
  ['by no pattern', ['repo/*.yaml'], 'clusters/a.yaml', null],
])('a file that is not there any more is named %s', (_, patterns, path, file) => {
  expect(inWorkspace(workspace, patterns, path, 'acme/cache')).toBe(file);
  const absolute = patterns.map((pattern) => join(workspace, pattern));
  expect(inWorkspace(workspace, absolute, path, 'acme/cache')).toBe(file);
});
