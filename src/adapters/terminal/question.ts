import { createInterface } from 'node:readline/promises';
import { Failure } from '../../core/failure.ts';

export interface Asked {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  /** Aborted when the run is to stop. */
  readonly signal: AbortSignal;
}

/**
 * Whether somebody answers a question with "yes".
 * Throws Failure `stopped` where no answer comes: Ctrl-C, the end of the input, or the signal.
 * @param without what is so when there is no answer
 */
export async function isAgreed(question: string, without: string, { input, output, signal }: Asked): Promise<boolean> {
  const ended = new AbortController();
  const terminal = createInterface({ input, output });
  // At the end of the input the answer alone would be waited for without end.
  terminal.once('close', () => ended.abort(new Error('the input ended')));
  const gone = AbortSignal.any([signal, ended.signal]);
  try {
    const answer = await terminal.question(`\n  ${question} Only "yes" does it: `, { signal: gone });
    return answer.trim() === 'yes';
  } catch (cause) {
    throw new Failure('stopped', `${without} The question had no answer.`, {
      remedy: 'Run apply again and answer "yes", or give it --approved-plan with the hash of the plan.',
      cause: gone.reason ?? cause,
    });
  } finally {
    terminal.close();
  }
}
