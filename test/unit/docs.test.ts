import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readTopology } from '../../src/adapters/topology/read.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

function textOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

describe.each(PAGES)('%s', (page) => {
  test('links to files that exist', () => {
    const links = Array.from(textOf(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g), ([, target = '']) => target);
    expect(links.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
  });

  test('names files of the repository that exist', () => {
    const named = textOf(page).matchAll(/`((?:src|test|docs|manifests|scripts|schema|examples)\/[\w./-]+\.\w+)`/g);
    expect(Array.from(named, ([, file = '']) => file).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

test('each promise of the README is held by tests of that name', () => {
  const promises = textOf('README.md').split('## Safety promises')[1]?.split('\n## ')[0] ?? '';
  const held = Array.from(
    promises.replaceAll(/\s+/g, ' ').matchAll(/`(test\/[\w./-]+)`: "([^"]+)"/g),
    ([, file = '', name = '']) => ({ file, name }),
  );
  expect(held.length).toBeGreaterThanOrEqual(8);
  expect(held.filter(({ file, name }) => !textOf(file).includes(name))).toEqual([]);
});

test('the workflow of the README is the example', () => {
  const [, workflow = ''] = /```yaml\n(on:\n[\s\S]*?)```/.exec(textOf('README.md')) ?? [];
  const example = textOf('examples/all-in-one.yml').replaceAll(/^(#.*|name:.*)\n/gm, '');
  expect(workflow.trim()).toBe(example.trim());
});

test('the topologies of the docs have no mistakes', () => {
  const blocks = ['README.md', 'docs/topology.md'].flatMap((page) =>
    Array.from(textOf(page).matchAll(/```yaml\n(version: 1\n[\s\S]*?)```/g), ([, text = '']) => text),
  );
  expect(blocks.length).toBeGreaterThanOrEqual(8);
  expect(blocks.filter((text) => readTopology(text, 'topology.yaml').kind !== 'topology')).toEqual([]);
});

test('the failures that point to a section of the README name one that there is', () => {
  expect(textOf('README.md')).toContain('\n## Rights in Redis\n');
});
