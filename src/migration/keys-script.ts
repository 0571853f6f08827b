import { Failure } from '../core/failure.ts';
import { isList } from '../core/replies.ts';
import { type Command, type Connection, Encoded, type Reply } from '../ports/redis.ts';
import { run } from './script.ts';

/**
 * Arguments: how many keys one MIGRATE is to take, and slots. Returns for each slot how many keys come next, and their names as they
 * go over the wire. As `packs` it shares a small rest out among the parts before it.
 */
const SCRIPT = `
local most, found = tonumber(ARGV[1]), {}
for i = 2, #ARGV do
  local held = redis.call('CLUSTER', 'COUNTKEYSINSLOT', ARGV[i])
  local parts = math.max(1, math.floor(held / most + 0.5))
  local keys = redis.call('CLUSTER', 'GETKEYSINSLOT', ARGV[i], math.ceil(held / parts))
  local words = {}
  for k, key in ipairs(keys) do words[k] = '$' .. #key .. '\\r\\n' .. key .. '\\r\\n' end
  found[i - 1] = {#keys, table.concat(words)}
end
return found`;

/**
 * The next keys of each slot, by a script: their names pass through this program unread, which takes a tenth of its time.
 * Null: names are to be asked for slot by slot.
 */
export async function nextByScript(
  connection: Connection,
  slots: readonly number[],
  most: number,
): Promise<readonly Encoded[] | null> {
  const replies = await run(connection, SCRIPT, [[most, ...slots]]);
  const [found] = replies ?? [];
  if (found === undefined || !isList(found) || found.length !== slots.length) return null;
  return found.map((entry) => encodedOf(entry, connection.pod));
}

/** The same of one slot, to be sent with something else. */
export function askNext(slot: number, most: number): Command {
  return ['EVAL', SCRIPT, 0, most, slot];
}

/** What the server answers to `askNext`. */
export function nextOf(reply: Reply, pod: string): Encoded {
  return encodedOf(isList(reply) ? (reply[0] ?? null) : null, pod);
}

function encodedOf(entry: Reply, pod: string): Encoded {
  const [count, words] = isList(entry) ? entry : [];
  if (typeof count === 'number' && Buffer.isBuffer(words)) return new Encoded(count, words);
  throw new Failure('redis-error', `Cannot read what ${pod} answers to a script that names keys.`, {
    remedy: 'Take the right to EVAL from the user (then it goes without), and open an issue with this message.',
  });
}
