import type { Answer, Command, Connection, Redis } from '../../src/ports/redis.ts';

/** Stands around what is sent to a pod: `send` sends it, or a part of it, to the real server. */
export type Tap = (
  sent: { readonly pod: string; readonly commands: readonly Command[] },
  send: (commands: readonly Command[]) => Promise<readonly Answer[]>,
) => Promise<readonly Answer[]>;

/** Real servers, with a tap on every connection to them. */
export function tapped(redis: Redis, tap: Tap): Redis {
  const known = new Map<Connection, Connection>();
  const around = (connection: Connection): Connection => {
    const { pod } = connection;
    const one: Connection = {
      pod,
      send: (commands, options) => tap({ pod, commands }, (those) => connection.send(those, options)),
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    };
    known.set(connection, one);
    return one;
  };
  return {
    connection: async (pod, options) => {
      const connection = await redis.connection(pod, options);
      return known.get(connection) ?? around(connection);
    },
    open: async (pod, options) => around(await redis.open(pod, options)),
  };
}

/** What a run sends that is killed there: nothing. */
export class Killed extends Error {
  override readonly message = 'The runner is gone.';
}

/** Real servers to a run that is killed when it has sent so many commands that change something, be it within a pipeline. */
export function killedAfter(changes: number, redis: Redis): Redis {
  let left = changes;
  return tapped(redis, async ({ commands }, send) => {
    const answers: Answer[] = [];
    for (const command of commands) {
      if (left <= 0) throw new Killed();
      answers.push(...(await send([command])));
      if (isChange(command)) left -= 1;
    }
    return answers;
  });
}

const READING = new Set(['INFO', 'CONFIG', 'COMMAND', 'ACL', 'PING', 'SELECT', 'ASKING', 'EXISTS', 'MEMORY', 'CLIENT']);
const READING_OF_CLUSTER = new Set(['NODES', 'INFO', 'COUNTKEYSINSLOT', 'GETKEYSINSLOT', 'MYID']);

function isChange([name, word, ...rest]: Command): boolean {
  if (name === 'EVAL') return String(word).includes('SETSLOT');
  // Names nobody: it asks whether SETSLOT waits for replicas.
  if (word === 'SETSLOT' && rest.includes('TIMEOUT')) return false;
  return name === 'CLUSTER' ? !READING_OF_CLUSTER.has(String(word)) : !READING.has(String(name));
}
