import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import { exampleWorkflow, findAct, runWorkflow, type WorkflowResult, type WorkflowRun } from '../support/act.ts';
import { TOKEN } from '../support/confidential.ts';
import { type FakeGitHub, startFakeGitHub } from '../support/fake-github.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

const act = await findAct();

const PULL = {
  action: 'opened',
  number: 5,
  pull_request: {
    number: 5,
    user: { login: 'octocat' },
    base: { sha: 'base', ref: 'main', repo: { full_name: 'acme/cache' } },
    head: { sha: 'a'.repeat(40), ref: 'more-shards', repo: { full_name: 'acme/cache' } },
  },
};

if ('missing' in act) {
  test('the workflow runner act is at hand on GitHub', () => {
    console.warn(`The example workflows were not run. ${act.missing}`);
    expect(process.env['GITHUB_ACTIONS'] ?? '').toBe('');
  });
} else {
  describe('the example workflows on a workflow runner, with a real cluster', () => {
    let cluster: StandingCluster;
    let github: FakeGitHub;
    let kubeconfig: string;

    beforeAll(async () => {
      kubeconfig = readFileSync(process.env['KUBECONFIG'] ?? '', 'utf8');
      cluster = await standUp('workflows');
      const files = { 'base:topology.yaml': cluster.declare(3), 'main:topology.yaml': cluster.declare(4) };
      github = await startFakeGitHub({ files });
    }, 180_000);

    afterAll(async () => {
      await github[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    }, 60_000);

    const runExample = (
      name: string,
      more: Pick<WorkflowRun, 'event' | 'payload' | 'onCommit'>,
      topology = cluster.declare(4),
    ): Promise<WorkflowResult> =>
      runWorkflow(act.path, {
        workflow: exampleWorkflow(name),
        files: {
          'topology.yaml': topology,
          'manifests/cluster.yaml': readFileSync(join(cluster.workspace.folder, 'manifests/cluster.yaml'), 'utf8'),
        },
        secrets: {
          GITHUB_TOKEN: TOKEN,
          KUBECONFIG: kubeconfig,
          KUBECONFIG_PLAN: kubeconfig,
          KUBECONFIG_APPLY: kubeconfig,
        },
        apiUrl: github.url,
        ...more,
      });

    const drift = () => runExample('drift.yml', { event: 'schedule', payload: {} });

    test('plan.yml posts the plan, apply.yml carries it out, drift.yml opens an issue and closes it', async () => {
      const planned = await runExample('plan.yml', { event: 'pull_request', payload: PULL });
      expect([planned.outputs['result'], planned.exitStatus === 0 ? '' : planned.log]).toEqual(['planned', '']);
      expect(github.comments.map(({ on, body }) => [on, body.includes('Adds 1 shard')])).toEqual([[5, true]]);

      expect(await drift()).toMatchObject({ exitStatus: 0, outputs: { result: 'drifted' } });
      expect(github.issues.map((issue) => issue.state)).toEqual(['open']);

      const onCommit = (commit: string) => {
        github.pulls.push({ number: 5, base: 'main', merged: true, commits: [commit] });
      };
      const applied = await runExample('apply.yml', { event: 'push', payload: {}, onCommit });
      expect([applied.outputs['result'], applied.exitStatus === 0 ? '' : applied.log]).toEqual(['applied', '']);
      expect(applied.outputs['plan-hash']).toBe(planned.outputs['plan-hash']);
      expect(slotOwners(await cluster.live.look())).toHaveLength(4);

      expect(await drift()).toMatchObject({ exitStatus: 0, outputs: { result: 'in-sync' } });
      expect(github.issues.map((issue) => issue.state)).toEqual(['closed']);
      expect(github.mistakes).toEqual([]);
    }, 240_000);

    test('all-in-one.yml plans, refuses a push that nobody saw, and looks for drift; apply.yml by hand carries a hash out', async () => {
      const [even, heavy] = ['shards: 4', 'shards: [{weight: 2}, {weight: 1}, {weight: 1}, {weight: 1}]'];
      const topology = cluster.declare(4).replace(even, heavy);
      github.files.set('main:topology.yaml', topology);
      const pull = { ...PULL, number: 6, pull_request: { ...PULL.pull_request, number: 6 } };
      const planned = await runExample('all-in-one.yml', { event: 'pull_request', payload: pull }, topology);
      expect([planned.outputs['result'], planned.exitStatus === 0 ? '' : planned.log]).toEqual(['planned', '']);
      expect(github.comments.filter(({ on }) => on === 6)).toMatchObject([
        { body: expect.stringContaining('Rebalances') },
      ]);

      const pushed = await runExample('all-in-one.yml', { event: 'push', payload: {} }, topology);
      expect(pushed).toMatchObject({ exitStatus: 1, outputs: { 'failure-reason': 'plan-not-approved' } });
      const hash = pushed.outputs['plan-hash'] ?? '';
      expect(hash).toBe(planned.outputs['plan-hash']);

      const byHand = { event: 'workflow_dispatch', payload: { inputs: { 'approved-plan': hash } } };
      const applied = await runExample('apply.yml', byHand, topology);
      expect([applied.outputs['result'], applied.exitStatus === 0 ? '' : applied.log]).toEqual(['applied', '']);
      const looked = await runExample('all-in-one.yml', { event: 'schedule', payload: {} }, topology);
      expect(looked).toMatchObject({ exitStatus: 0, outputs: { result: 'in-sync' } });
      expect(github.mistakes).toEqual([]);
    }, 240_000);
  });
}
