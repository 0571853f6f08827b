import { meaningOf } from '../core/server-errors.ts';
import type { Argument, Command, Connection, Reply } from '../ports/redis.ts';
import { STEADY } from '../servers/ask.ts';

/** A user without the right to EVAL is not tried again: each refusal is a line of ACL LOG. */
const refusing = new WeakSet<Connection>();

/** Whether a script may be run on the connection, as far as is known. */
export function mayRun(connection: Connection): boolean {
  return !refusing.has(connection);
}

/**
 * Runs a script once for each of these lists of arguments, in one pipeline, and returns their replies. A script sees and does what
 * its user may, and no more.
 * Null: the server refused, so that the same is to be done in single commands, which also tell what is wrong.
 */
export async function run(
  connection: Connection,
  script: string,
  calls: readonly (readonly Argument[])[],
): Promise<readonly Reply[] | null> {
  if (!mayRun(connection)) return null;
  const commands = calls.map((words): Command => ['EVAL', script, 0, ...words]);
  const answers = await connection.send(commands, { signal: STEADY });
  const replies: Reply[] = [];
  for (const answer of answers) {
    if (answer.ok) replies.push(answer.value);
    else if (isForGood(answer.error)) refusing.add(connection);
  }
  return replies.length === calls.length ? replies : null;
}

/** What passes by itself, such as the loading of data, says nothing of the next time. */
function isForGood(error: string): boolean {
  return ['no-permission', 'unknown-command', 'other'].includes(meaningOf(error));
}
