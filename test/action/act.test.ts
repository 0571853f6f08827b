import { describe, expect, test } from '@jest/globals';
import { exampleWorkflow, findAct, runWorkflow, type WorkflowRun } from '../support/act.ts';
import { KUBECONFIG, PASSWORD, TOKEN, TOKEN_OF_KUBERNETES } from '../support/confidential.ts';
import { type FakeGitHub, startFakeGitHub } from '../support/fake-github.ts';
import { SMALL } from '../support/topology-file.ts';

const act = await findAct();

const SECRETS = {
  GITHUB_TOKEN: TOKEN,
  REDIS_PASSWORD: PASSWORD,
  KUBECONFIG,
  KUBECONFIG_PLAN: KUBECONFIG,
  KUBECONFIG_APPLY: KUBECONFIG,
};

function pull(from: string, author = 'octocat'): unknown {
  const [head, base] = [
    { sha: 'a'.repeat(40), ref: 'more-shards', repo: { full_name: from } },
    { sha: 'base', ref: 'main', repo: { full_name: 'acme/cache' } },
  ];
  return { action: 'opened', number: 7, pull_request: { number: 7, user: { login: author }, head, base } };
}

function workflow(fake: FakeGitHub, more: Partial<WorkflowRun>): WorkflowRun {
  return {
    workflow: exampleWorkflow('plan.yml'),
    event: 'pull_request',
    payload: pull('acme/cache'),
    files: { 'topology.yaml': SMALL.replace('shards: 3', 'shards: 4') },
    secrets: SECRETS,
    apiUrl: fake.url,
    ...more,
  };
}

/** Decides by outputs, as users do. */
const BY_OUTPUTS = `
on: workflow_dispatch
jobs:
  look:
    runs-on: ubuntu-latest
    outputs:
      reason: \${{ steps.look.outputs.failure-reason }}
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd
      - id: look
        continue-on-error: true
        uses: redis-cluster-topology/action@v1
        with: {command: status, fail-on-drfit: 'true'}
      - if: steps.look.outcome == 'failure' && steps.look.outputs.changed == 'false'
        run: echo "seen-in-step=\${{ steps.look.outputs.result }}"
  next:
    needs: look
    runs-on: ubuntu-latest
    steps:
      - if: needs.look.outputs.reason == 'kubernetes-unreachable'
        run: echo "seen-in-job=\${{ needs.look.outputs.reason }}"
`;

if ('missing' in act) {
  // Where it is not at hand the other tests still tell most; GitHub's own runners have Go and so have it.
  test('the workflow runner act is at hand on GitHub', () => {
    console.warn(`The example workflows were not run. ${act.missing}`);
    expect(process.env['GITHUB_ACTIONS'] ?? '').toBe('');
  });
} else {
  describe('on a workflow runner', () => {
    test.each([
      ['plan.yml', 'a fork', pull('mallory/cache')],
      ['plan.yml', 'Dependabot', pull('acme/cache', 'dependabot[bot]')],
      ['all-in-one.yml', 'a fork', pull('mallory/cache')],
    ])('%s gives %s an offline plan', async (name, _, payload) => {
      await using fake = await startFakeGitHub({ files: { 'base:topology.yaml': SMALL } });
      const run = workflow(fake, { workflow: exampleWorkflow(name), payload, secrets: { GITHUB_TOKEN: TOKEN } });
      const { exitStatus, outputs, summary } = await runWorkflow(act.path, run);
      expect({ exitStatus, result: outputs['result'], reason: outputs['failure-reason'] }).toEqual({
        exitStatus: 0,
        result: 'planned',
        reason: '',
      });
      expect(summary).toContain('| Shards | 3 | **4** |');
      expect(fake.mistakes).toEqual([]);
    });

    test('plan.yml marks the lines of topology.yaml that are wrong', async () => {
      await using fake = await startFakeGitHub({ files: { 'base:topology.yaml': SMALL } });
      const files = { 'topology.yaml': `${SMALL}shard: 4\n` };
      const { exitStatus, annotations, outputs } = await runWorkflow(act.path, workflow(fake, { files }));
      expect(exitStatus).toBe(1);
      expect(outputs['failure-reason']).toBe('invalid-topology');
      expect(annotations).toContainEqual({
        level: 'error',
        text: expect.stringMatching(/^Unknown key "shard"\. Did you mean "shards"\?/),
        file: 'topology.yaml',
        line: '5',
      });
    });

    test.each([
      ['plan.yml', 'pull_request', pull('acme/cache')],
      ['apply.yml', 'push', {}],
      ['apply.yml', 'workflow_dispatch', { inputs: { 'approved-plan': '0123456789ab' } }],
      ['drift.yml', 'schedule', {}],
      ['all-in-one.yml', 'push', {}],
      ['all-in-one.yml', 'schedule', {}],
      ['all-in-one.yml', 'workflow_dispatch', {}],
      ['all-in-one.yml', 'workflow_dispatch', { inputs: { 'approved-plan': '0123456789ab' } }],
    ])('%s on %s fails where the cluster cannot be looked at, and shows no secret', async (name, event, payload) => {
      await using fake = await startFakeGitHub({ files: { 'base:topology.yaml': SMALL } });
      const run = workflow(fake, { workflow: exampleWorkflow(name), event, payload });
      const { exitStatus, log, outputs, summary } = await runWorkflow(act.path, run);
      expect(exitStatus).toBe(1);
      expect(outputs).toMatchObject({ result: 'failed', 'failure-reason': 'kubernetes-unreachable', changed: 'false' });
      const bodies = fake.requests.map((request) => JSON.stringify(request.body ?? ''));
      const texts = [log, JSON.stringify(outputs), summary, ...bodies].join('\n');
      for (const secret of [TOKEN, PASSWORD, TOKEN_OF_KUBERNETES]) expect(texts).not.toContain(secret);
      expect(fake.mistakes).toEqual([]);
    });

    test('steps and jobs that follow decide by its outputs', async () => {
      await using fake = await startFakeGitHub({ files: { 'base:topology.yaml': SMALL } });
      const run = workflow(fake, { workflow: BY_OUTPUTS, event: 'workflow_dispatch', payload: {} });
      const { exitStatus, annotations, jobs, log } = await runWorkflow(act.path, run);
      expect({ exitStatus, jobs }).toEqual({ exitStatus: 0, jobs: { look: 'success', next: 'success' } });
      expect(log).toContain('seen-in-step=failed');
      expect(log).toContain('seen-in-job=kubernetes-unreachable');
      expect(annotations.map(({ text }) => text)).toContainEqual(
        expect.stringContaining('There is no input `fail-on-drfit`'),
      );
    });
  });
}
