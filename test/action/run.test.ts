import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { KUBECONFIG, PASSWORD, TOKEN, TOKEN_OF_KUBERNETES } from '../support/confidential.ts';
import { startFakeGitHub } from '../support/fake-github.ts';
import { type ActionEvent, type ActionOptions, Workspace } from '../support/run-action.ts';
import { SMALL } from '../support/topology-file.ts';

const ACTION = readFileSync(new URL('../../action.yml', import.meta.url), 'utf8');

interface Run extends ActionOptions {
  /** Of the checkout. */
  readonly files?: Readonly<Record<string, string>>;
  /** Of a fake GitHub; default: one that is not there. */
  readonly apiUrl?: string;
}

/** Runs the action once; the log is without the lines that tell the runner what to mask. */
async function runAction({ files = {}, apiUrl = 'http://127.0.0.1:9', ...options }: Run) {
  await using workspace = await Workspace.create(files);
  const run = await workspace.run({ ...options, env: { GITHUB_API_URL: apiUrl, ...options.env } });
  const lines = run.log.split('\n');
  return {
    ...run,
    log: lines.filter((line) => !line.startsWith('::add-mask::')).join('\n'),
    masks: lines.flatMap((line) => /^::add-mask::(.*)$/.exec(line)?.[1] ?? []),
  };
}

function pullFrom(from: string): ActionEvent {
  return { name: 'pull_request', payload: pull(from) };
}

function pull(from: string): unknown {
  const [head, base] = [
    { sha: 'a'.repeat(40), repo: { full_name: from } },
    { sha: 'base', repo: { full_name: 'acme/cache' } },
  ];
  return { action: 'opened', pull_request: { number: 7, user: { login: 'octocat' }, head, base } };
}

describe('the action ends before the first look when', () => {
  test.concurrent.each<[string, Run, string, RegExp]>([
    [
      'an input is wrong',
      { inputs: { command: 'go', timeout: 'long' } },
      'invalid-input',
      /The input `command` is "go".*\(and 1 more\)/,
    ],
    ['there is no topology', {}, 'topology-not-found', /"topology\.yaml"/],
    [
      'the topology has mistakes',
      { files: { 'topology.yaml': `${SMALL}name: A\nfoo: 1\n` } },
      'invalid-topology',
      /has 2 mistakes: topology\.yaml:5:7/,
    ],
    [
      'a topology is declared twice',
      { inputs: { topology: '*.yaml' }, files: { 'a.yaml': SMALL, 'b.yaml': SMALL } },
      'invalid-topology',
      /a\.yaml and b\.yaml are about the same StatefulSet default\/redis-cluster/,
    ],
    [
      'the event has secrets and the files of a fork',
      { event: { name: 'pull_request_target', payload: pull('mallory/cache') }, files: { 'topology.yaml': SMALL } },
      'untrusted-pull-request',
      /pull request 7 comes from a fork/,
    ],
  ])('%s', async (_, run, reason, summary) => {
    const { exitCode, outputs } = await runAction(run);
    expect(exitCode).toBe(1);
    expect(outputs).toMatchObject({ result: 'refused', changed: 'false', drift: 'false', 'failure-reason': reason });
    expect(outputs['summary']).toMatch(summary);
  });
});

test.concurrent('every output of action.yml is set, however early a run ends', async () => {
  const { outputs } = z.object({ outputs: z.record(z.string(), z.unknown()) }).parse(parse(ACTION));
  const early = await runAction({});
  const late = await runAction({ files: { 'topology.yaml': SMALL }, inputs: { kubeconfig: KUBECONFIG } });
  for (const run of [early, late]) expect(Object.keys(run.outputs).toSorted()).toEqual(Object.keys(outputs).toSorted());
  expect(JSON.parse(early.outputs['clusters'] ?? '')).toEqual([]);
});

describe('mistakes in the topology', () => {
  test.concurrent('are annotations on their lines', async () => {
    const { log } = await runAction({ files: { 'topology.yaml': `${SMALL}name: A\nfoo: 1\n` } });
    expect(log.split('\n').filter((line) => line.startsWith('::error title='))).toEqual([
      '::error title=topology,file=topology.yaml,line=5,col=7::`name` is not right. Seen: A. Expected: a name: lower-case letters, digits, hyphens and dots, at most 200 characters.',
      expect.stringMatching(
        /^::error title=topology,file=topology\.yaml,line=6,col=1::Unknown key "foo"\. Seen: foo\. /,
      ),
    ]);
  });

  test.concurrent('are at most ten annotations, and all in the log', async () => {
    const lines = Array.from({ length: 15 }, (_, i) => `key${i}: 1`).join('\n');
    const { log } = await runAction({ files: { 'topology.yaml': `${SMALL}${lines}\n` } });
    expect(log.match(/^::error title=topology,/gm)).toHaveLength(10);
    for (let i = 0; i < 15; i += 1) expect(log).toContain(`Unknown key "key${i}"`);
  });

  test.concurrent('are on the page of the run, with what was seen and what would be right', async () => {
    const { summary } = await runAction({ files: { 'topology.yaml': `${SMALL}tolerance: 200%\nstate: "<b>|@x"\n` } });
    // Without what keeps GitHub from seeing emoji and people in it.
    expect(summary.replaceAll('\u200B', '').split('\n')).toEqual([
      '### Redis Cluster',
      '',
      '**The topology has 2 mistakes: topology.yaml:5:12 `tolerance` is not right. Seen: 200%. Expected: a percentage such as 2%, or a fraction below 1.**',
      '',
      '- topology.yaml:5:12 `tolerance` is not right. Seen: 200%. Expected: a percentage such as 2%, or a fraction below 1.',
      '- topology.yaml:6:8 `state` is not right. Seen: "&lt;b&gt;\\|@x". Expected: `present` or `absent`.',
      '',
      'What to do: Correct the lines that are marked; docs/topology.md describes every key.',
      '',
    ]);
  });

  test.concurrent('cannot speak to the runner', async () => {
    const key = '"x\\n::warning::injected"';
    const { log } = await runAction({ files: { 'topology.yaml': `${SMALL}${key}: 1\n` } });
    expect(log).not.toMatch(/^::warning::injected/m);
  });
});

describe('a pull request from a fork', () => {
  test.concurrent('gets an offline plan in the summary, without credentials, comment or failure', async () => {
    await using fake = await startFakeGitHub({ files: { 'base:topology.yaml': SMALL } });
    const { exitCode, outputs, summary } = await runAction({
      event: pullFrom('mallory/cache'),
      files: { 'topology.yaml': SMALL.replace('shards: 3', 'shards: 4') },
      inputs: { 'github-token': TOKEN },
      apiUrl: fake.url,
    });
    expect({ exitCode, reason: outputs['failure-reason'], result: outputs['result'] }).toEqual({
      exitCode: 0,
      reason: '',
      result: 'planned',
    });
    expect(summary).toContain('redis-cluster');
    expect(fake.comments).toEqual([]);
    expect(fake.mistakes).toEqual([]);
  });
});

test.concurrent('a pull request that deletes the only topology gets a word on what that means before the run ends', async () => {
  await using fake = await startFakeGitHub({ files: { 'base:topology.yaml': SMALL } });
  fake.changedFiles.set(7, [{ filename: 'topology.yaml', status: 'removed' }]);
  const inputs = { 'github-token': TOKEN };
  const { exitCode, outputs } = await runAction({ event: pullFrom('acme/cache'), inputs, apiUrl: fake.url });
  expect({ exitCode, reason: outputs['failure-reason'] }).toEqual({ exitCode: 1, reason: 'topology-not-found' });
  expect(fake.comments).toMatchObject([{ on: 7, body: expect.stringContaining('this pull request deletes') }]);
  expect(fake.mistakes).toEqual([]);
});

describe('a cluster that cannot be looked at', () => {
  test.concurrent.each(['plan', 'apply', 'drift', 'status'])('fails %s, and no issue is closed', async (command) => {
    await using fake = await startFakeGitHub({ files: { 'base:topology.yaml': SMALL } });
    const { exitCode, outputs } = await runAction({
      event: { name: 'schedule' },
      files: { 'topology.yaml': SMALL },
      inputs: { command, kubeconfig: KUBECONFIG, 'github-token': TOKEN },
      apiUrl: fake.url,
    });
    expect(exitCode).toBe(1);
    expect(outputs).toMatchObject({ result: 'failed', 'failure-reason': 'kubernetes-unreachable', changed: 'false' });
    expect(fake.requests.filter(({ line }) => !line.startsWith('GET'))).toEqual([]);
  });

  test.concurrent('because there is no kubeconfig', async () => {
    const { exitCode, outputs } = await runAction({ files: { 'topology.yaml': SMALL } });
    expect(exitCode).toBe(1);
    expect(outputs).toMatchObject({ result: 'failed', 'failure-reason': 'kubernetes-unreachable' });
  });

  test.concurrent('is one of many that make no more than ten annotations in all', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `cluster-${i}`);
    const { log, outputs } = await runAction({
      files: Object.fromEntries(names.map((name) => [`${name}.yaml`, SMALL.replace('redis-cluster', name)])),
      inputs: { topology: '*.yaml', kubeconfig: KUBECONFIG },
    });
    expect(JSON.parse(outputs['clusters'] ?? '')).toHaveLength(12);
    expect(log.match(/^::error /gm)).toHaveLength(10);
    for (const name of names) expect(log).toContain(`${name}.yaml`);
  });

  test.concurrent('hides no other one: the outputs tell of each', async () => {
    const other = SMALL.replace('redis-cluster', 'other');
    const { outputs } = await runAction({
      files: { 'a.yaml': SMALL, 'b.yaml': other },
      inputs: { topology: '*.yaml', kubeconfig: KUBECONFIG },
    });
    expect(JSON.parse(outputs['clusters'] ?? '')).toMatchObject([
      { cluster: 'redis-cluster', file: 'a.yaml', result: 'failed' },
      { cluster: 'other', file: 'b.yaml', result: 'failed' },
    ]);
  });
});

describe('secrets', () => {
  const secrets = [PASSWORD, TOKEN, TOKEN_OF_KUBERNETES];
  const inputs = { kubeconfig: KUBECONFIG, 'redis-password': PASSWORD, 'github-token': TOKEN };

  test.concurrent('are masked, and are in no log, output, summary or request', async () => {
    await using fake = await startFakeGitHub({ files: { 'base:topology.yaml': SMALL } });
    const { log, masks, outputs, summary } = await runAction({
      event: pullFrom('acme/cache'),
      // A name that holds the password: text from a pull request must not bring it out either.
      files: { 'topology.yaml': SMALL.replace('shards: 3', `shards: 4\nname: ${PASSWORD}`) },
      inputs,
      apiUrl: fake.url,
    });
    expect(masks).toEqual(expect.arrayContaining(secrets));
    const bodies = fake.requests.map((request) => JSON.stringify(request.body ?? ''));
    const texts = [log, JSON.stringify(outputs), summary, ...bodies].join('\n');
    for (const secret of secrets) expect(texts).not.toContain(secret);
    expect(fake.mistakes).toEqual([]);
  });

  test.concurrent('are masked before a wrong input ends the run', async () => {
    const { log, masks } = await runAction({ inputs: { ...inputs, command: PASSWORD } });
    expect(masks).toEqual(expect.arrayContaining(secrets));
    expect(log).not.toContain(PASSWORD);
  });
});
