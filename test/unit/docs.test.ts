import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { readTopology } from '../../src/adapters/topology/read.ts';
import { FAILURES } from '../../src/core/failure.ts';

const ROOT = join(import.meta.dirname, '../..');
const Action = z.object({ inputs: z.record(z.string(), z.unknown()) });
const Schema = z.object({ $id: z.string(), title: z.string() });
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

function textOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** As GitHub makes them of headings. */
function anchorsOf(file: string): readonly string[] {
  return Array.from(textOf(file).matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Pages that one comes to by links, from the README on. */
function reachedFrom(page: string, seen: Set<string> = new Set()): ReadonlySet<string> {
  if (seen.has(page)) return seen;
  seen.add(page);
  const links = Array.from(textOf(page).matchAll(/\]\((?!https?:)([^)#\s]+\.md)/g), ([, to = '']) =>
    join(dirname(page), to),
  );
  for (const to of links.filter((file) => PAGES.includes(file))) reachedFrom(to, seen);
  return seen;
}
const REACHED = reachedFrom('README.md');

describe.each(PAGES)('%s', (page) => {
  test('links to files that exist', () => {
    const links = Array.from(textOf(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g), ([, target = '']) => target);
    expect(links.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
  });

  test('links to headings that there are', () => {
    const links = Array.from(
      textOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g),
      ([, file = '', anchor = '']) => ({
        file: file === '' ? page : join(dirname(page), file),
        anchor,
      }),
    );
    expect(links.filter(({ file, anchor }) => !anchorsOf(file).includes(anchor))).toEqual([]);
  });

  test('is reached from the README', () => {
    expect(REACHED).toContain(page);
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
  const blocks = PAGES.flatMap((page) =>
    Array.from(textOf(page).matchAll(/```yaml\n((?: *#.*\n)? *version: 1\n[\s\S]*?)```/g), ([, text = '']) => text),
  );
  expect(blocks.length).toBeGreaterThanOrEqual(8);
  expect(blocks.filter((text) => readTopology(text, 'topology.yaml').kind !== 'topology')).toEqual([]);
});

test('the failures that point to a section of the README name one that there is', () => {
  expect(textOf('README.md')).toContain('\n## Rights in Redis\n');
});

test('every word of failure-reason has its section: what one sees, causes, and three things to look at', () => {
  const sections = new Map(
    textOf('docs/failures.md')
      .split('\n## ')
      .slice(1)
      .map((section): [string, string] => [section.slice(0, section.indexOf('\n')), section]),
  );
  expect([...sections.keys()]).toEqual(Object.keys(FAILURES));
  const whole =
    /<!-- ([\w-]+) -->\n\n`(refused|failed)`[\s\S]+<!-- \/\1 -->\n\n\*\*You see:\*\* [\s\S]+\n\n\*\*Mostly:\*\* [\s\S]+\n\n1\. .+\n2\. .+\n3\. .+\n$/;
  expect(Array.from(sections).filter(([, section]) => !whole.test(section.replace(/\n*$/, '\n')))).toEqual([]);
});

test('the steps of the guides give our action inputs that it has', () => {
  const { inputs } = Action.parse(parse(textOf('action.yml')));
  const step = /(?:```yaml|uses: redis-cluster-topology\/action@v1)\n *with:\n((?: +[\w-]+:.*\n)+)/g;
  const blocks = PAGES.flatMap((page) => Array.from(textOf(page).matchAll(step), ([, block = '']) => block));
  const given = blocks.flatMap((block) => Array.from(block.matchAll(/^ +([\w-]+):/gm), ([, name = '']) => name));
  expect(given.length).toBeGreaterThanOrEqual(12);
  expect(given.filter((name) => !(name in inputs))).toEqual([]);
});

test('the schema is found where the docs tell editors to look', () => {
  const { $id, title } = Schema.parse(JSON.parse(textOf('schema/topology.schema.json')));
  expect(title).not.toBe('');
  for (const page of ['docs/topology.md', 'docs/quick-start.md']) {
    expect(textOf(page)).toContain(`# yaml-language-server: $schema=${$id}\n`);
  }
});

test('the notes of a release are its section of the changelog, and a version without one fails', () => {
  expect(notesOf('Unreleased').stdout).toContain('### Added');
  expect(notesOf('v999.0.0').status).toBe(1);
});

test('a late release of an older line does not become the newest of its major version', () => {
  const tags = 'refs/tags/v1.0.1\nrefs/tags/v1.10.0\nrefs/tags/v1.9.0\nrefs/tags/v1\nrefs/tags/v2.0.0\n';
  const newestOf = (tag: string): string =>
    spawnSync(join(ROOT, 'scripts/newest-release.sh'), [tag], { encoding: 'utf8', input: tags }).stdout.trim();
  expect(newestOf('v1.0.1')).toBe('v1.10.0');
  expect(newestOf('v2.0.0')).toBe('v2.0.0');
});

function notesOf(version: string): SpawnSyncReturns<string> {
  return spawnSync(join(ROOT, 'scripts/release-notes.sh'), [version], { encoding: 'utf8' });
}
