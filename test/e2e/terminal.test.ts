import { type ChildProcess, execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import { type StandingCluster, standUp } from './support/standing-cluster.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/index.js', import.meta.url));

describe('the program for a terminal', () => {
  let cluster: StandingCluster;

  beforeAll(async () => {
    cluster = await standUp('terminal');
    await cluster.workspace.write('topology.yaml', cluster.declare(4));
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  test('shows the plan that a comment would show, and the JSON of it', async () => {
    const shown = await run(cluster, 'plan');
    expect(shown).toMatchObject({ status: 0, err: '' });
    expect(shown.out).toContain('Adds 1 shard');
    expect(shown.out).toMatch(/│ Next: an apply carries out plan [0-9a-f]{12}/);
    const { out, err } = await run(cluster, 'plan', '--json');
    expect(JSON.parse(out)).toMatchObject({
      clusters: [{ cluster: 'redis-cluster', result: 'planned', changed: 'false' }],
      plans: { 'plan-redis-cluster.json': { summary: { slotsToMove: 4096 } } },
    });
    expect(err).toContain('Adds 1 shard');
  });

  test('does not apply where nobody can be asked', async () => {
    const refused = await run(cluster, 'apply');
    expect(refused.status).toBe(1);
    expect(refused.err).toContain('--yes');
    expect(slotOwners(await cluster.live.look())).toHaveLength(3);
  });

  test('applies with --yes, in plain lines, and then there is no drift', async () => {
    const applied = await run(cluster, 'apply', '--yes');
    expect([applied.status, applied.err]).toEqual([0, '']);
    expect(applied.out).toContain('applied plan');
    expect(applied.out).not.toContain('\u001b');
    expect(slotOwners(await cluster.live.look())).toHaveLength(4);
    const drift = await run(cluster, 'drift', '--fail-on-drift');
    expect([drift.status, drift.out]).toEqual([0, expect.stringContaining('is as declared')]);
  });

  test('asks at a terminal, does nothing without a "yes", and with it just what was shown', async () => {
    await cluster.workspace.write('topology.yaml', cluster.declare(3));
    for (const [answer, end] of [
      ['no\n', { status: 0, last: 'Nothing was changed in redis-cluster.' }],
      // Ctrl-C and Ctrl-D.
      ['\u0003', { status: 1, last: 'failure-reason: stopped' }],
      ['\u0004', { status: 1, last: 'failure-reason: stopped' }],
    ] as const) {
      const asked = await atTerminal(cluster, answer, 'apply');
      expect(asked).toMatchObject({ status: end.status, out: expect.stringContaining(end.last) });
    }
    expect(slotOwners(await cluster.live.look())).toHaveLength(4);
    const agreed = await atTerminal(cluster, 'yes\n', 'apply');
    expect([agreed.status, agreed.out]).toEqual([0, expect.stringMatching(/Apply this plan \([0-9a-f]{12}\)/)]);
    // Bars, drawn anew; without colours, as NO_COLOR is set there.
    expect(agreed.out).toContain('█');
    expect(agreed.out).not.toContain('\u001b[1m');
    expect(slotOwners(await cluster.live.look())).toHaveLength(3);
  });

  test('gives status and drift of all files as one JSON document, members with it', async () => {
    await cluster.workspace.write('other.yaml', cluster.declare(3, 'name: other').replace('redis-cluster,', 'other,'));
    const status = await run(cluster, 'status', '--json', 'topology.yaml', 'other.yaml');
    const members = { 'status-redis-cluster.json': { members: Array.from({ length: 6 }, () => expect.anything()) } };
    expect(JSON.parse(status.out)).toMatchObject({
      clusters: [
        { cluster: 'other', result: 'refused' },
        { cluster: 'redis-cluster', result: 'in-sync' },
      ],
      statuses: members,
    });
    const drift = await run(cluster, 'drift', '--json');
    expect(JSON.parse(drift.out)).toMatchObject({ clusters: [{ cluster: 'redis-cluster', result: 'in-sync' }] });
  });

  test('ends with 1 for drift that is to fail, and for mistakes, which have their lines', async () => {
    await cluster.workspace.write('topology.yaml', cluster.declare(5));
    expect(await run(cluster, 'drift')).toMatchObject({ status: 0 });
    expect(await run(cluster, 'drift', '--fail-on-drift')).toMatchObject({ status: 1 });
    await cluster.workspace.write('topology.yaml', `${cluster.declare(5)}\nshard: 4\n`);
    const wrong = await run(cluster, 'plan');
    expect([wrong.status, wrong.out]).toEqual([1, expect.stringMatching(/topology\.yaml:\d+:1 /)]);
  });
});

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function run(cluster: StandingCluster, ...words: readonly string[]): Promise<Ended> {
  return ended(process.execPath, [CLI, ...words], cluster, (child) => child.stdin?.end());
}

/** On a terminal of its own, which `script` of util-linux makes. The answer is typed once the question is there. */
function atTerminal(cluster: StandingCluster, answer: string, ...words: readonly string[]): Promise<Ended> {
  const call = [process.execPath, CLI, ...words].join(' ');
  const type = (child: ChildProcess): void => {
    let shown = '';
    child.stdout?.on('data', (chunk: unknown) => {
      const wasAsked = shown.includes(QUESTION);
      shown += String(chunk);
      if (!wasAsked && shown.includes(QUESTION)) child.stdin?.write(answer);
    });
  };
  return ended('script', ['--quiet', '--return', '--command', call, '/dev/null'], cluster, type);
}

const QUESTION = 'Only "yes" does it:';

function ended(
  program: string,
  words: readonly string[],
  cluster: StandingCluster,
  type: (child: ChildProcess) => void,
): Promise<Ended> {
  const { PATH = '', KUBECONFIG = '' } = process.env;
  const env = { PATH, KUBECONFIG, NO_COLOR: '1', TERM: 'xterm' };
  return new Promise((resolve) => {
    const child = execFile(program, [...words], { cwd: cluster.workspace.folder, env }, (_, out, err) =>
      resolve({ status: child.exitCode ?? -1, out, err }),
    );
    type(child);
  });
}
