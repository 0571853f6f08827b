import { Failure, type FailureCode, isSilence } from '../core/failure.ts';
import type { StepContext } from '../ports/context.ts';

/** What one look found: what was waited for, or what was seen instead. */
export type Look<T> =
  | { readonly done: true; readonly value: T }
  /** `details`: of the Failure, if it stays so. */
  | { readonly done: false; readonly seen: string; readonly details?: readonly string[] };

export interface Wait {
  /** What is waited for, as the end of "waiting for …". */
  readonly for: string;
  readonly seconds: number;
  /** Milliseconds between two looks. */
  readonly every?: number;
  readonly remedy: string;
  /** Of the Failure when the time is over; default: `timeout`. */
  readonly code?: FailureCode;
}

/** Milliseconds between two words about a wait. */
export const TELL_EVERY = 3_000;

/**
 * Looks again and again until it is done, and says every few seconds what it waits for. A server that does not answer
 * counts as one more thing seen: it may just be restarting.
 * Throws Failure `timeout` (or `wait.code`) with what was seen last, or the reason of `context.stop`.
 */
export async function until<T>(
  context: Pick<StepContext, 'clock' | 'tell' | 'stop'>,
  wait: Wait,
  look: () => Promise<Look<T>>,
): Promise<T> {
  const { clock } = context;
  const deadline = clock.now() + wait.seconds * 1000;
  let toldAt = clock.now();
  for (;;) {
    context.stop.throwIfAborted();
    const found = await lookOrSilence(look);
    if (found.done) return found.value;
    const now = clock.now();
    if (now >= deadline) {
      throw new Failure(
        wait.code ?? 'timeout',
        `Waited ${wait.seconds} s for ${wait.for}. Seen last: ${found.seen.replace(/\.$/, '')}.`,
        {
          remedy: wait.remedy,
          details: found.details ?? [],
        },
      );
    }
    if (now - toldAt >= TELL_EVERY) {
      toldAt = now;
      context.tell({
        kind: 'waiting',
        for: wait.for,
        seen: found.seen,
        secondsLeft: Math.ceil((deadline - now) / 1000),
      });
    }
    await clock.sleep(wait.every ?? 200, { signal: context.stop });
  }
}

async function lookOrSilence<T>(look: () => Promise<Look<T>>): Promise<Look<T>> {
  try {
    return await look();
  } catch (thrown) {
    if (isSilence(thrown)) return { done: false, seen: thrown.message };
    throw thrown;
  }
}
