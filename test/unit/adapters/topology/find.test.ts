import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findTopologies, isNamed } from '../../../../src/adapters/topology/find.ts';

const FILES = [
  'topology.yaml',
  'clusters/a.yaml',
  'clusters/b.yml',
  'clusters/deep/c.yaml',
  'clusters/x[1].yaml',
  'node_modules/a/topology.yaml',
];

let root: string;
let workspace: string;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'find-')));
  workspace = join(root, 'workspace');
  for (const file of FILES) {
    await mkdir(dirname(join(workspace, file)), { recursive: true });
    await writeFile(join(workspace, file), `text of ${file}`);
  }
  await writeFile(join(root, 'secret.yaml'), 'token: secret');
  await mkdir(join(workspace, 'links'));
  await symlink('../topology.yaml', join(workspace, 'links/inside.yaml'));
  await symlink('../../secret.yaml', join(workspace, 'links/outside.yml'));
  await symlink('nowhere', join(workspace, 'links/broken.yaml'));
  await symlink(root, join(workspace, 'links/above'));
  await symlink(workspace, join(root, 'link-to-workspace'));
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

async function found(...patterns: readonly string[]): Promise<readonly string[]> {
  return (await findTopologies(workspace, patterns)).files.map(({ file }) => file);
}

describe('the files of the `topology` input', () => {
  test.each([
    ['a path', ['topology.yaml'], ['topology.yaml']],
    ['a path with a dot', ['./topology.yaml'], ['topology.yaml']],
    ['a path with a way back', ['clusters/../topology.yaml'], ['topology.yaml']],
    ['a pattern', ['clusters/*.yaml'], ['clusters/a.yaml', 'clusters/x[1].yaml']],
    ['a choice', ['clusters/?.{yaml,yml}'], ['clusters/a.yaml', 'clusters/b.yml']],
    ['a path that looks like a pattern', ['clusters/x[1].yaml'], ['clusters/x[1].yaml']],
    [
      'a pattern for files and folders',
      ['clusters/**'],
      ['clusters/a.yaml', 'clusters/b.yml', 'clusters/deep/c.yaml', 'clusters/x[1].yaml'],
    ],
    ['several on lines', ['topology.yaml', 'clusters/b.yml'], ['clusters/b.yml', 'topology.yaml']],
    ['the same twice', ['topology.yaml', '*.yaml'], ['topology.yaml']],
    ['a link that stays inside', ['links/inside.yaml'], ['links/inside.yaml']],
  ])('may be named by %s', async (_, patterns, files) => {
    expect(await found(...patterns)).toEqual(files);
  });

  test('are not those of packages', async () => {
    expect(await found('**/topology.yaml')).toEqual(['topology.yaml']);
  });

  test('may be named by their whole path, also where that goes over a link', async () => {
    const link = join(root, 'link-to-workspace');
    const { files } = await findTopologies(link, [join(link, 'clusters/a.yaml'), join(workspace, 'topology.yaml')]);
    expect(files.map(({ file }) => file)).toEqual(['clusters/a.yaml', 'topology.yaml']);
  });

  test('come with their text', async () => {
    expect((await findTopologies(workspace, ['clusters/b.yml'])).files).toEqual([
      { file: 'clusters/b.yml', text: 'text of clusters/b.yml' },
    ]);
  });

  test('come without one that was deleted and is still named, which is told', async () => {
    expect(await findTopologies(workspace, ['none.yaml', 'clusters/b.yml', 'old/*.yaml'])).toEqual({
      files: [{ file: 'clusters/b.yml', text: 'text of clusters/b.yml' }],
      unmatched: ['none.yaml', 'old/*.yaml'],
    });
  });

  test('are read no further than they may be long', async () => {
    await writeFile(join(workspace, 'huge.yaml'), 'x'.repeat(5_000_000));
    const [huge] = (await findTopologies(workspace, ['huge.yaml'])).files;
    expect(huge?.text.length).toBeLessThan(1_100_000);
    await rm(join(workspace, 'huge.yaml'));
  });
});

describe('what is refused', () => {
  const inside = 'Name files below the workspace in the input `topology`, or a pattern such as `clusters/*.yaml`.';
  test.each([
    ['a file above the workspace', '../secret.yaml'],
    ['a pattern above the workspace', '../*.yaml'],
    ['a file elsewhere', '/etc/passwd'],
    ['a link that leads out', 'links/outside.yml'],
    ['a pattern that matches such a link', 'links/*.yml'],
    ['a file behind a folder that leads out', 'links/above/secret.yaml'],
  ])('%s', async (_, pattern) => {
    await expect(found(pattern)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(/^Cannot read the topology ".*": it leads out of the workspace\.$/),
      remedy: inside,
    });
  });

  test.each([['clusters'], ['clusters/'], ['.']])('the folder %s', async (pattern) => {
    await expect(found(pattern)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('it is no file'),
    });
  });

  test.each([
    ['a file that is not there', ['none.yaml']],
    ['a pattern that matches nothing', ['clusters/*.json']],
    ['a path below a file', ['topology.yaml/a']],
    ['a link that leads nowhere', ['links/broken.yaml']],
    ['several that are not there', ['old.yaml', 'none.yaml']],
  ])('%s', async (_, patterns) => {
    await expect(found(...patterns)).rejects.toMatchObject({
      code: 'topology-not-found',
      message: `No file matches the input \`topology\`: ${patterns.map((one) => `"${one}"`).join(', ')}.`,
      remedy:
        'Check the path, which begins at the folder that this runs in. In a workflow a step with actions/checkout has to come before this one.',
    });
  });

  test('more files than anybody has clusters', async () => {
    await mkdir(join(workspace, 'many'));
    await Promise.all(Array.from({ length: 201 }, (_, i) => writeFile(join(workspace, `many/${i}.yaml`), '')));
    await expect(found('many/*')).rejects.toMatchObject({ code: 'invalid-input' });
    await rm(join(workspace, 'many'), { recursive: true });
  });
});

describe('a file that is not there', () => {
  test.each<[string, string, boolean]>([
    ['topology.yaml', 'topology.yaml', true],
    ['./topology.yaml', 'topology.yaml', true],
    ['/checkout/topology.yaml', 'topology.yaml', true],
    ['clusters/*.yaml', 'clusters/a.yaml', true],
    ['clusters/**/*.yaml', 'clusters/eu/a.yaml', true],
    ['./clusters/*.yaml', 'clusters/a.yaml', true],
    ['clusters/*.yaml', 'clusters/eu/a.yaml', false],
    ['clusters/*.yaml', 'clusters/a.yml', false],
    ['topology.yaml', 'old/topology.yaml', false],
    ['odd[1].yaml', 'odd[1].yaml', true],
  ])('"%s" names %s: %s', (pattern, file, named) => {
    expect(isNamed('/checkout', ['other.yaml', pattern], file)).toBe(named);
  });
});
