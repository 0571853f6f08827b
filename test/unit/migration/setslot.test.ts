import { expect, test } from '@jest/globals';
import { setSlots } from '../../../src/migration/setslot.ts';
import type { Answer, Command, Connection } from '../../../src/ports/redis.ts';
import { podOf } from '../../support/cluster.ts';

const OK: Answer = { ok: true, value: 'OK' };
const NO_PRIMARY = 'ERR Target node is not a master';
const TRIMMING = 'ERR There is a pending trim job for slot 7';

/** A server that refuses slot 7 as often as told, and the commands that it got. */
function hearsLate(refusals: number, error = NO_PRIMARY): { readonly connection: Connection; readonly got: Command[] } {
  const got: Command[] = [];
  let left = refusals;
  const answerTo = (command: Command): Answer => {
    got.push(command);
    if (command[2] !== 7 || left === 0) return OK;
    left -= 1;
    return { ok: false, error };
  };
  const connection: Connection = {
    pod: 'redis-cluster-0',
    send: async (commands) => commands.map(answerTo),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { connection, got };
}

const clock = { now: () => 0, sleep: async () => undefined };
const pod = podOf('redis-cluster', 0);

test('a server that has not heard of a failover yet is asked again, for the slots that it has refused', async () => {
  const { connection, got } = hearsLate(3);
  await setSlots({ pod, waitsForReplicas: false, forSetSlot: [connection] }, [6, 7], ['NODE', 'heir'], {
    clock,
    afterFailover: true,
  });
  expect(got.map(([, , slot]) => slot)).toEqual([6, 7, 7, 7, 7]);
});

test.each([
  { name: 'at once, where there was no failover', refusals: 1, afterFailover: false, sent: 1 },
  { name: 'in the end, where it never hears of it', refusals: 1_000, afterFailover: true, sent: 10 },
])('a refusal is told $name', async ({ refusals, afterFailover, sent }) => {
  const { connection, got } = hearsLate(refusals);
  const asked = setSlots({ pod, waitsForReplicas: false, forSetSlot: [connection] }, [7], ['NODE', 'heir'], {
    clock,
    afterFailover,
  });
  await expect(asked).rejects.toMatchObject({ code: 'migration-failed', message: expect.stringContaining('slot 7') });
  expect(got).toHaveLength(sent);
});

test('a slot of which the server still throws keys away is set when it is done with that, and told where it never is', async () => {
  const soon = hearsLate(3, TRIMMING);
  await setSlots({ pod, waitsForReplicas: false, forSetSlot: [soon.connection] }, [7], ['STABLE'], { clock });
  expect(soon.got).toHaveLength(4);
  const never = hearsLate(1_000, TRIMMING);
  const asked = setSlots({ pod, waitsForReplicas: false, forSetSlot: [never.connection] }, [7], ['STABLE'], { clock });
  await expect(asked).rejects.toMatchObject({ code: 'migration-failed', message: expect.stringContaining(TRIMMING) });
});
