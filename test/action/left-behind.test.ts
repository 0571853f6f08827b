import { beforeEach, describe, expect, test } from '@jest/globals';
import { BASE, type Pull, pullRequest } from './support/events.ts';
import { EVEN, type LocalRepository, type LocalRun, shares, withLocalRepository } from './support/local-repository.ts';

/** What the base branch has beside topology.yaml: another cluster. */
const OTHER = EVEN.replace('statefulSet: redis-cluster', 'statefulSet: other');
const ABSENT = `${OTHER}state: absent`;

/** How a comment ends that leads to its commit and run. */
const LED = /\/commit\/[0-9a-f]{40}\) · \[run\]\(https:\/\/github\.test\/acme\/cache\/actions\/runs\/\S+\)<\/sub>$/;

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

beforeEach(() => {
  for (const name of ['other.yaml', 'notes.yaml']) repository.github.files.set(`${BASE}:${name}`, OTHER);
});

/** A pull request that leaves these files. */
function run(files: Readonly<Record<string, string>>, from: Pull = {}): Promise<LocalRun> {
  const inputs = { topology: Object.keys(files).concat('other.yaml').join('\n') };
  return repository.run(pullRequest(7, from), { topology: files, inputs });
}

/** With a file that the base branch does not have. */
function runOf(topology: Readonly<Record<string, string>>, from: Pull = {}): Promise<LocalRun> {
  return repository.run(pullRequest(7, from), { topology, inputs: { topology: 'early.yaml\ntopology.yaml' } });
}

function deletes(filename: string): void {
  repository.github.changedFiles.set(7, [{ filename, status: 'removed' }]);
}

function renames(previous_filename: string, filename: string): void {
  repository.github.changedFiles.set(7, [{ filename, status: 'renamed', previous_filename }]);
}

/** Warnings, but for the one that the input still names other.yaml. */
function warningsOf({ warnings }: LocalRun): readonly string[] {
  return warnings.filter((text) => !text.startsWith('No file matches "other.yaml" of the input'));
}

/** The comment about the cluster of one file. */
function commentAbout(file: string): string {
  return repository.github.comments.find(({ body }) => body.includes(`plan of ${file} -->`))?.body ?? '';
}

describe('a pull request that deletes a topology file', () => {
  test('is told that nothing will be done, beside the plan of the other cluster', async () => {
    deletes('other.yaml');
    const planned = await run({ 'topology.yaml': shares([2, 1, 1]) });
    expect(planned).toMatchObject({ red: false, outputs: { result: 'planned' } });
    expect(commentAbout('other.yaml')).toContain('**Nothing will be done: this pull request deletes `other.yaml`.**');
    expect(commentAbout('other.yaml')).toContain('`state: absent`');
    expect(commentAbout('topology.yaml')).toContain('**Next:** merge');
    expect(planned.summary).toContain('The cluster stays as it is, with all its data.');
    expect(warningsOf(planned)).toEqual([
      expect.stringMatching(/^other: the pull request deletes other\.yaml: nothing/),
    ]);
    expect(JSON.parse(planned.outputs['clusters'] ?? '')).toMatchObject([
      { cluster: 'redis-cluster', result: 'planned' },
      { cluster: 'other', file: 'other.yaml', result: 'no-changes', changed: 'false' },
    ]);
    expect(repository.reached).toEqual(['redis-cluster']);
    expect(commentAbout('other.yaml')).toMatch(LED);
  });

  test('has the comment of an earlier commit turned, so that no plan stays that will not come', async () => {
    await run({ 'topology.yaml': EVEN, 'other.yaml': EVEN.replace('redis-cluster}', 'redis-cluster}\nname: other') });
    const before = repository.github.comments.length;
    deletes('other.yaml');
    await run({ 'topology.yaml': EVEN }, { action: 'synchronize' });
    expect(repository.github.comments).toHaveLength(before);
    expect(commentAbout('other.yaml')).toContain('**Nothing will be done');
  });

  test('is not warned where the file wanted the cluster to be gone', async () => {
    repository.github.files.set(`${BASE}:other.yaml`, ABSENT);
    deletes('other.yaml');
    expect(warningsOf(await run({ 'topology.yaml': EVEN }))).toEqual([]);
    expect(commentAbout('other.yaml')).toContain('it is needed no more');
  });

  test.each([
    ['the input does not name it', 'notes.yaml', OTHER],
    ['the base branch has it with mistakes', 'other.yaml', 'version: 2'],
  ])('hears nothing when %s', async (_, file, text) => {
    repository.github.files.set(`${BASE}:${file}`, text);
    deletes(file);
    await run({ 'topology.yaml': EVEN });
    expect(repository.github.comments).toHaveLength(1);
  });

  test('is told so however many other files it changes', async () => {
    const others = Array.from({ length: 250 }, (_, n) => ({ filename: `${n}.md`, status: 'modified' }) as const);
    repository.github.changedFiles.set(7, [...others, { filename: 'other.yaml', status: 'removed' }]);
    await run({ 'topology.yaml': EVEN });
    expect(commentAbout('other.yaml')).toContain('**Nothing will be done');
  });

  test('of a fork is told so in the summary, and nothing is written', async () => {
    deletes('other.yaml');
    const offline = await run({ 'topology.yaml': EVEN }, { from: 'mallory/cache' });
    expect(offline.summary).toContain('this pull request deletes `other.yaml`');
    expect(repository.github.comments).toEqual([]);
  });

  test('is planned all the same when GitHub does not list its files', async () => {
    repository.github.faults.push({ on: /\/files/, status: 403, message: 'Resource not accessible by integration' });
    const planned = await run({ 'topology.yaml': EVEN });
    expect(planned).toMatchObject({ red: false, outputs: { result: 'no-changes' } });
    expect(warningsOf(planned)).toEqual([]);
    expect(planned.log.join('\n')).toContain('Whether a topology file is deleted is not known.');
  });

  test('is told so in the summary, too, when GitHub fails behind that', async () => {
    deletes('other.yaml');
    repository.github.faults.push({ on: /GET .*\/comments/, status: 403, message: 'Locked out', after: 2 });
    const planned = await run({ 'topology.yaml': EVEN });
    expect(commentAbout('other.yaml')).toContain('**Nothing will be done');
    expect(planned.summary).toContain('this pull request deletes `other.yaml`');
    expect(planned.log.join('\n')).toContain('is not known.');
  });
});

describe('the comment of an earlier commit about a cluster that no file is about any more', () => {
  const NAMED = `${shares([2, 1, 1])}name: early\n`;

  test('is turned, where its file is one of this run', async () => {
    await runOf({ 'early.yaml': NAMED });
    expect(commentAbout('early.yaml')).toContain('**Next:** merge');
    await runOf({ 'topology.yaml': shares([2, 1, 1]) }, { action: 'synchronize' });
    expect(commentAbout('early.yaml')).toContain('**Nothing will be done: no topology file of this pull request');
    expect(commentAbout('early.yaml')).toMatch(LED);
    expect(commentAbout('early.yaml')).not.toContain('<!-- plan: ');
    expect(commentAbout('topology.yaml')).toContain('**Next:** merge');
    expect(repository.github.comments).toHaveLength(2);
  });

  test('says where its plan is now, when only the file has got another name since', async () => {
    await runOf({ 'early.yaml': NAMED });
    await runOf({ 'topology.yaml': NAMED }, { action: 'synchronize' });
    expect(commentAbout('early.yaml')).toContain('**What is planned stands in the comment about `topology.yaml`.**');
    expect(commentAbout('early.yaml')).not.toContain('<!-- plan: ');
    expect(commentAbout('topology.yaml')).toContain('**Next:** merge');
  });

  test.each([
    ['that its file has mistakes', `${NAMED}shard: 3\n`, 'Unknown key', 'Nothing will be done for `early.yaml`'],
    [
      'that it is refused',
      `${NAMED}migration: {method: atomic}\n`,
      'Refused;',
      'no topology file of this pull request',
    ],
    ['what was said without a look', NAMED.replace('local', 'trap'), 'not looked at', 'no topology file of this'],
  ])('is turned where it holds no plan but says %s, and only once', async (_, text, before, after) => {
    repository.github.files.set(`${BASE}:early.yaml`, EVEN);
    await runOf({ 'early.yaml': text });
    repository.github.files.delete(`${BASE}:early.yaml`);
    expect(commentAbout('early.yaml')).toContain(before);
    await runOf({ 'topology.yaml': EVEN }, { action: 'synchronize' });
    expect(commentAbout('early.yaml')).toContain(after);
    expect(commentAbout('early.yaml')).not.toContain(before);
    const since = repository.github.requests.length;
    await runOf({ 'topology.yaml': EVEN }, { action: 'synchronize' });
    const edits = repository.github.requests.slice(since).filter(({ line }) => line.startsWith('PATCH'));
    expect(edits.map(({ body }) => JSON.stringify(body)).join()).not.toContain('early.yaml');
  });

  test('says where its plan is now, also where it was refused before', async () => {
    await runOf({ 'early.yaml': `${NAMED}migration: {method: atomic}\n` });
    expect(commentAbout('early.yaml')).not.toContain('<!-- plan: ');
    await runOf({ 'topology.yaml': NAMED }, { action: 'synchronize' });
    expect(commentAbout('early.yaml')).toContain('**What is planned stands in the comment about `topology.yaml`.**');
  });

  test('stays where another workflow wrote it, about a file of its own', async () => {
    await run({ 'elsewhere.yaml': NAMED });
    const before = commentAbout('elsewhere.yaml');
    await run({ 'topology.yaml': EVEN }, { action: 'synchronize' });
    expect(commentAbout('elsewhere.yaml')).toBe(before);
  });

  test('is not answered where somebody else wrote it', async () => {
    await runOf({ 'early.yaml': NAMED });
    const [own] = repository.github.comments.splice(0);
    if (own === undefined) throw new Error('There is no comment.');
    repository.github.comments.push({ ...own, author: 'mallory' });
    await runOf({ 'topology.yaml': EVEN }, { action: 'synchronize' });
    const bodies = repository.github.comments.map(({ body }) => body);
    expect(bodies).toEqual([own.body, expect.stringContaining('plan of topology.yaml -->')]);
  });
});

describe('a pull request that renames a topology file', () => {
  test('has the plan in a comment about the new file, and a word in that about the old one', async () => {
    await run({ 'topology.yaml': shares([2, 1, 1]) });
    repository.github.files.set(`${BASE}:new.yaml`, EVEN);
    renames('topology.yaml', 'new.yaml');
    const renamed = { topology: { 'new.yaml': shares([2, 1, 1]) } };
    await repository.run(pullRequest(7, { action: 'synchronize' }), { ...renamed, inputs: { topology: '*.yaml' } });
    expect(repository.github.comments).toHaveLength(2);
    expect(commentAbout('new.yaml')).toContain('**Next:** merge');
    expect(commentAbout('topology.yaml')).toContain('stands in the comment about `new.yaml`');
    expect(commentAbout('topology.yaml')).not.toContain('<!-- plan: ');
  });

  test('to another name of the cluster is told which comment has its plan', async () => {
    repository.github.files.set(`${BASE}:other.yaml`, `${EVEN}name: old`);
    repository.github.files.set(`${BASE}:topology.yaml`, `${EVEN}name: fresh`);
    renames('other.yaml', 'topology.yaml');
    const planned = await run({ 'topology.yaml': `${EVEN}name: fresh` });
    repository.github.files.set(`${BASE}:topology.yaml`, EVEN);
    expect(warningsOf(planned)).toEqual([]);
    expect(commentAbout('other.yaml')).toContain('**The same cluster is called `fresh` from now on:**');
    expect(commentAbout('topology.yaml')).toContain('Nothing to do');
  });

  test('to where the input names it no more is told that nothing will be done', async () => {
    renames('other.yaml', 'attic/other.yaml');
    expect(warningsOf(await run({ 'topology.yaml': EVEN }))).toEqual([
      expect.stringContaining('renames other.yaml to attic/other.yaml: nothing will be done'),
    ]);
    expect(commentAbout('other.yaml')).toContain('renames `other.yaml` to `attic/other.yaml`');
  });
});
