import { UNSENT_QUESTION, unsentIn } from '../core/capabilities.ts';
import { Failure } from '../core/failure.ts';
import { text } from '../core/replies.ts';
import { print, slotsOfNumbers } from '../core/slots.ts';
import { ask, STEADY } from '../servers/ask.ts';
import type { Pair, Side } from './pair.ts';

/**
 * Asked before each job: why none may move these slots. Null: clients have not written in such a way so far, so that all of it that
 * comes later is seen by `refuseUnsent`.
 */
export async function unsentSoFar({ donor, receiver }: Pair, slots: readonly number[]): Promise<Failure | null> {
  const calls = await unsentCalls(donor);
  if (calls === 0) return null;
  const what = calls === null ? 'it does not tell whether clients use MSETEX' : 'clients have used MSETEX';
  return new Failure(
    'migration-failed',
    `Cannot move slots ${print(slotsOfNumbers(slots))} from ${donor.pod.name} to ${receiver.pod.name} as a whole: on ${donor.pod.name} ${what}, and what is written by it meanwhile would be lost.`,
    { remedy: 'Set `migration.method: auto`, which moves key by key where it has to.' },
  );
}

/**
 * For the first such write of all, which comes while a job is at work: nobody can tell which keys it was about.
 * Throws Failure `migration-failed` where there was any.
 */
export async function refuseUnsent({ donor, receiver }: Pair, slots: readonly number[]): Promise<void> {
  const calls = await unsentCalls(donor);
  if (calls === 0) return;
  throw new Failure(
    'migration-failed',
    `While slots ${print(slotsOfNumbers(slots))} moved as a whole from ${donor.pod.name} to ${receiver.pod.name}, clients began to use MSETEX: ${calls ?? 'untold'} times. The server does not pass that on, so what was written by it to keys of these slots may be lost.`,
    {
      remedy: `Write these keys again from where they come from, then run apply again: it moves key by key what is left of ${donor.pod.name}'s slots.`,
    },
  );
}

/** How often clients of a server have written in the way that no job passes on; null: it does not tell. */
async function unsentCalls({ main }: Pick<Side, 'main'>): Promise<number | null> {
  return unsentIn(text(await ask(main, UNSENT_QUESTION, { signal: STEADY }), `INFO of ${main.pod}`));
}
