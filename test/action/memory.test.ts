import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { wordInSlot } from '../../src/migration/key-slot.ts';
import type { ActionEvent } from '../support/run-action.ts';
import { commit, pullRequest, push } from './support/events.ts';
import { type LocalRepository, type LocalRun, shares, withLocalRepository } from './support/local-repository.ts';

const MOVE = z.object({ kind: z.literal('move-slots'), from: z.string(), to: z.string(), slots: z.string() });
const PLAN = z.object({ steps: z.array(z.unknown()) });

const HEAVY = shares([2, 1, 1]);

let repository: LocalRepository;

withLocalRepository((created) => {
  repository = created;
});

function run(event: ActionEvent, topology: string, inputs: Readonly<Record<string, string>> = {}): Promise<LocalRun> {
  return repository.run(event, { topology, inputs });
}

/** What each server may hold; 0: all that it can. */
async function limit(bytes: number): Promise<void> {
  const { platform } = repository;
  for (const { name } of platform.pods()) await platform.call(name, ['CONFIG', 'SET', 'maxmemory', bytes]);
}

describe('what servers have no memory for', () => {
  test.each(['plan', 'apply'])('is refused by %s, with the plan that it would be', async (command) => {
    const planned = await run({ name: 'workflow_dispatch' }, HEAVY, { command: 'plan' });
    await limit(1_000_000);
    const refused = await run({ name: 'workflow_dispatch' }, HEAVY, { command });
    await limit(0);
    expect(refused.outputs).toMatchObject({
      result: 'refused',
      'failure-reason': 'not-enough-memory',
      'plan-hash': planned.outputs['plan-hash'],
    });
    expect(refused.outputs['plan-file']).not.toBe('');
  });

  test.each(['plan', 'apply'])(
    'is refused by %s, too, where just the slots that come hold most of it',
    async (command) => {
      const planned = await run({ name: 'workflow_dispatch' }, HEAVY, { command: 'plan' });
      const { steps } = PLAN.parse(JSON.parse(planned.files[planned.outputs['plan-file'] ?? ''] ?? ''));
      const move = MOVE.parse(steps.find((step) => MOVE.safeParse(step).success));
      const { platform } = repository;
      const word = wordInSlot(Number.parseInt(move.slots, 10));
      for (let i = 0; i < 150; i += 1) await platform.call(move.from, ['SET', `{${word}}:${i}`, Buffer.alloc(100_000)]);
      await platform.call(move.to, ['CONFIG', 'SET', 'maxmemory', 12_000_000]);
      const refused = await run({ name: 'workflow_dispatch' }, HEAVY, { command });
      await limit(0);
      await platform.call(move.from, ['FLUSHALL']);
      expect(refused.outputs).toMatchObject({
        result: 'refused',
        'failure-reason': 'not-enough-memory',
        'plan-hash': planned.outputs['plan-hash'],
        changed: 'false',
      });
    },
  );

  test('is not approved by the comment of a plan that was refused', async () => {
    await limit(1_000_000);
    await run(pullRequest(7), HEAVY);
    await limit(0);
    repository.merge(7, [commit(1)]);
    expect((await run(push([commit(1)]), HEAVY)).outputs['failure-reason']).toBe('plan-not-approved');
  });
});
