import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import { TOKEN } from '../support/confidential.ts';
import { type FakeGitHub, startFakeGitHub } from '../support/fake-github.ts';
import type { ActionEvent, ActionRun } from '../support/run-action.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

const BASE = 'b'.repeat(40);

const pull = (number: number, more: { fork?: boolean } = {}): ActionEvent => ({
  name: 'pull_request',
  payload: {
    action: 'synchronize',
    pull_request: {
      number,
      user: { login: 'octocat' },
      base: { sha: BASE, repo: { full_name: 'acme/cache' } },
      head: { sha: 'a'.repeat(40), repo: { full_name: more.fork === true ? 'stranger/cache' : 'acme/cache' } },
    },
  },
});

describe('from the pull request to the merge', () => {
  let cluster: StandingCluster;
  let github: FakeGitHub;

  beforeAll(async () => {
    cluster = await standUp('pulls');
    github = await startFakeGitHub({ files: { [`${BASE}:topology.yaml`]: cluster.declare(3) } });
  });

  afterAll(async () => {
    await github[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  const run = (
    event: ActionEvent,
    topology: string,
    inputs: Readonly<Record<string, string>> = {},
  ): Promise<ActionRun> => {
    // A push leaves its branch like this.
    if (event.name === 'push') github.files.set('main:topology.yaml', topology);
    return cluster.act(topology, {
      event,
      inputs: { 'github-token': TOKEN, ...inputs },
      env: { GITHUB_API_URL: github.url },
    });
  };

  const merge = (number: number, commit: string): ActionEvent => {
    github.pulls.push({ number, base: 'main', merged: true, commits: [commit] });
    return { name: 'push', commit, ref: 'refs/heads/main' };
  };

  test('the plan is one comment, edited by every run, and the merge carries it out', async () => {
    const first = await run(pull(5), cluster.declare(4));
    expect(first).toMatchObject({ exitCode: 0, outputs: { result: 'planned', changed: 'false' } });
    await run(pull(5), cluster.declare(4));
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toContain('Adds 1 shard');
    expect(slotOwners(await cluster.live.look())).toHaveLength(3);

    const applied = await run(merge(5, 'c'.repeat(40)), cluster.declare(4));
    expect([applied.outputs['result'], applied.exitCode === 0 ? '' : applied.log]).toEqual(['applied', '']);
    expect(applied.outputs['plan-hash']).toBe(first.outputs['plan-hash']);
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toContain('Applied');
    expect(slotOwners(await cluster.live.look())).toHaveLength(4);
    expect(github.mistakes).toEqual([]);
    for (const text of [first.log, first.summary, applied.log, applied.summary]) {
      expect(withoutMasks(text)).not.toContain(TOKEN);
    }
  });

  test('a push without a plan that was shown is refused and changes nothing', async () => {
    const before = await cluster.live.look();
    const pushed = await run({ name: 'push', commit: 'd'.repeat(40), ref: 'refs/heads/main' }, cluster.declare(3));
    expect(pushed).toMatchObject({
      exitCode: 1,
      outputs: { result: 'refused', 'failure-reason': 'plan-not-approved' },
    });
    expect(pushed.outputs['plan-hash']).toMatch(/^[0-9a-f]{12}$/);
    expect((await cluster.live.look()).members.map((member) => member.slots)).toEqual(
      before.members.map((member) => member.slots),
    );
  });

  test('a plan that somebody else posted counts for nothing', async () => {
    await run(pull(6), cluster.declare(3));
    const real = github.comments.find((comment) => comment.on === 6);
    expect(real?.body).toContain('Removes 1 shard');
    if (real === undefined) return;
    github.comments.splice(github.comments.indexOf(real), 1, { ...real, author: 'mallory' });
    const pushed = await run(merge(6, 'e'.repeat(40)), cluster.declare(3));
    expect(pushed.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'plan-not-approved' });
  });

  test('a plan that no longer fits is refused, with what is different', async () => {
    await run(pull(7), cluster.declare(3));
    const other = cluster.declare(3, 'replicasPerShard: 0');
    const pushed = await run(merge(7, 'f'.repeat(40)), other);
    expect(pushed.outputs).toMatchObject({ result: 'refused', 'failure-reason': 'plan-changed', changed: 'false' });
    expect(pushed.log).toContain('#7:');
    expect(slotOwners(await cluster.live.look())).toHaveLength(4);
  });

  test('a fork gets an offline plan, no comment and a green run', async () => {
    const comments = github.comments.length;
    const offline = await run(pull(8, { fork: true }), cluster.declare(9));
    expect(offline).toMatchObject({ exitCode: 0, outputs: { result: 'planned', 'plan-hash': '' } });
    expect(offline.summary).toContain('fork');
    expect(github.comments).toHaveLength(comments);
  });

  test('a pull request cannot say where credentials go', async () => {
    const elsewhere = cluster.declare(3).replace('statefulSet: redis-cluster', 'statefulSet: trap');
    const planned = await run(pull(9), elsewhere, { 'redis-password': 'correct horse battery' });
    expect(planned).toMatchObject({ exitCode: 0, outputs: { result: 'planned', 'plan-hash': '' } });
    expect(planned.log).toContain('kubernetes.statefulSet');
  });

  test('drift is one issue that opens, stays as it is, and closes itself', async () => {
    const scheduled = { name: 'schedule' };
    const found = await run(scheduled, cluster.declare(3));
    expect(found).toMatchObject({ exitCode: 0, outputs: { result: 'drifted', drift: 'true' } });
    expect(github.issues).toMatchObject([{ state: 'open' }]);
    const body = github.issues[0]?.body;
    const red = await run(scheduled, cluster.declare(3), { 'fail-on-drift': 'true' });
    expect(red).toMatchObject({ exitCode: 1, outputs: { result: 'drifted', 'failure-reason': 'drift' } });
    expect(github.issues.map((issue) => issue.body)).toEqual([body]);
    const well = await run(scheduled, cluster.declare(4));
    expect(well).toMatchObject({ exitCode: 0, outputs: { result: 'in-sync', drift: 'false' } });
    expect(github.issues).toMatchObject([{ state: 'closed' }]);
    expect(github.mistakes).toEqual([]);
  });
});

/** The lines by which the runner learns what to mask are not shown. */
function withoutMasks(log: string): string {
  return log.replaceAll(/^::add-mask::.*$/gm, '');
}
