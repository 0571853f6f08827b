import { Failure } from '../core/failure.ts';
import { meaningOf } from '../core/server-errors.ts';
import type { Answer, Command, Connection, Reply } from '../ports/redis.ts';

/**
 * For commands that must not be left half done when the run is told to stop: only their timeout ends them.
 * Work under this signal is short.
 */
export const STEADY: AbortSignal = new AbortController().signal;

/** One command, one answer. Throws `redis-unreachable`. */
export async function answerTo(
  connection: Connection,
  command: Command,
  options: { signal: AbortSignal; timeout?: number },
): Promise<Answer> {
  const [answer] = await connection.send([command], options);
  if (answer !== undefined) return answer;
  throw new Failure('redis-error', `Redis of pod ${connection.pod} gave no answer to ${naming(command)}.`, {
    remedy: 'Run again; if it stays, open an issue with the log.',
  });
}

/** One command whose error nobody can live with. Throws what `refusal` makes of it, or `redis-unreachable`. */
export async function ask(
  connection: Connection,
  command: Command,
  options: { signal: AbortSignal; timeout?: number },
): Promise<Reply> {
  const answer = await answerTo(connection, command, options);
  if (answer.ok) return answer.value;
  throw refusal(connection.pod, command, answer.error);
}

/**
 * The server's own error to a command as a Failure: `redis-permission`, `redis-auth` or `redis-error`, and `redis-unreachable`
 * for what passes: it has just started, or runs a script.
 */
export function refusal(pod: string, command: Command, error: string): Failure {
  const what = `Redis of pod ${pod} refused ${naming(command)}: "${error}".`;
  const meaning = meaningOf(error);
  if (meaning === 'no-permission') {
    return new Failure('redis-permission', what, {
      remedy: 'Give the user of `redis-username` the right to run this command (README, "Rights in Redis").',
    });
  }
  if (meaning === 'not-authenticated') {
    return new Failure('redis-auth', what, { remedy: 'Check the inputs `redis-username` and `redis-password`.' });
  }
  if (meaning === 'loading' || meaning === 'busy') {
    return new Failure('redis-unreachable', what, { remedy: 'Wait until that is over, then run again.' });
  }
  if (meaning === 'unknown-command') {
    return new Failure('redis-error', what, {
      remedy:
        'The command is renamed (`rename-command`), or this server, or a proxy before it, has none of that name: take the renaming away, or connect to the servers themselves. Then run again: what is already done is not done twice.',
    });
  }
  return new Failure('redis-error', what, {
    remedy: 'Look at the log of that pod, then run again: what is already done is not done twice.',
  });
}

/** The command's first words, which never are secrets or keys. */
function naming(command: Command): string {
  return command
    .slice(0, 3)
    .filter((word) => typeof word === 'string' || typeof word === 'number')
    .join(' ');
}
