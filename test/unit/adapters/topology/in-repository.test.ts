import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { inRepository } from '../../../../src/adapters/topology/in-repository.ts';

let workspace: string;

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'workspace-'));
});

afterEach(() => rm(workspace, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(workspace, path)), { recursive: true });
  await writeFile(join(workspace, path), text);
}

function remote(url: string): string {
  return `[core]\n\tbare = false\n[remote "origin"]\n\turl = ${url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
}

function named(file: string): string | null {
  return inRepository(workspace, file, 'acme/cache');
}

describe('a file of the workspace', () => {
  test('is called in the repository as it is where nothing says where a checkout begins', async () => {
    expect(named('clusters/topology.yaml')).toBe('clusters/topology.yaml');
  });

  test.each([
    'https://github.com/acme/cache',
    'https://github.com/Acme/Cache.git',
    'git@github.example:acme/cache.git',
  ])('is called by its place in the checkout, be that in a folder (%s)', async (url) => {
    await write('.git/config', remote(url));
    expect(named('clusters/topology.yaml')).toBe('clusters/topology.yaml');
    await write('deep/repo/.git/config', remote(url));
    expect(named('deep/repo/clusters/topology.yaml')).toBe('clusters/topology.yaml');
    expect(named('deep/other/topology.yaml')).toBe('deep/other/topology.yaml');
  });

  test('is of this repository where the checkout names none', async () => {
    await write('repo/.git/HEAD', 'ref: refs/heads/main');
    expect(named('repo/topology.yaml')).toBe('topology.yaml');
  });

  test.each([
    'https://github.com/acme/clusters',
    'https://github.com/mallory/cache',
    'https://github.com/acme/cache-2',
    'https://github.com/not-acme/cache',
  ])('has no name where its checkout is of another repository (%s)', async (url) => {
    await write('repo/.git/config', remote(url));
    expect(named('repo/topology.yaml')).toBeNull();
  });

  test('has no name in a submodule, which is another repository', async () => {
    await write('.git/config', remote('https://github.com/acme/cache'));
    await write('module/.git', 'gitdir: ../.git/modules/module');
    expect(named('module/topology.yaml')).toBeNull();
  });
});
