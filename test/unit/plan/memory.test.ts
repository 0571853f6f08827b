import { expect, test } from '@jest/globals';
import { withMember } from '../../../src/core/cluster.ts';
import { estimate } from '../../../src/plan/estimate.ts';
import { memoryRefusal } from '../../../src/plan/memory.ts';
import { steps } from '../../../src/plan/plan.ts';
import { countedOf, planFor } from './named-case.ts';

const MB = 1_000_000;

/** The plan to grow, of donors with 300 MB in 3,000 keys each, and receivers that may hold as much. */
function grown() {
  const plan = planFor('grow three to four');
  const before = plan.before.members.reduce(
    (cluster, { pod, facts }) =>
      withMember(cluster, pod, {
        facts: { ...facts, keys: 3_000, dataset: 300 * MB, memory: 300 * MB, maxMemory: 500 * MB },
      }),
    plan.before,
  );
  return { ...plan, before };
}

test.each([
  { name: 'as many keys as lie evenly', keys: 750, refused: false },
  { name: 'a few keys', keys: 1, refused: false },
  { name: 'nearly all keys of the donors', keys: 2_900, refused: true },
])('moves of $name are refused: $refused', ({ keys, refused }) => {
  const plan = grown();
  const counts = new Map(
    steps(plan).flatMap((step) => (step.kind === 'move-slots' ? [[step, countedOf([keys])] as const] : [])),
  );
  const failure = memoryRefusal(plan, estimate(plan, counts).steps);
  expect(failure?.code ?? null).toBe(refused ? 'not-enough-memory' : null);
});
