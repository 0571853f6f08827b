import { isList } from '../core/replies.ts';
import type { Side } from './pair.ts';
import { run } from './script.ts';

/** What a slot is set to: STABLE alone names no node. */
export type Setting = readonly [slot: number, state: string];

/** Arguments: a node's id, then slots and states in turn. Returns those slots that the server refused to set. */
const SCRIPT = `
local refused = {}
for i = 2, #ARGV, 2 do
  local words = {'CLUSTER', 'SETSLOT', ARGV[i], ARGV[i + 1]}
  if ARGV[i + 1] ~= 'STABLE' then words[5] = ARGV[1] end
  if redis.pcall(unpack(words)).err then refused[#refused + 1] = ARGV[i] end
end
return refused`;

/** Fewer are set as fast one by one. */
const FEWEST = 8;

/**
 * Sets slots in their order by a script: for hundreds of them the server takes as long as for single commands, this program a
 * twentieth of it. Returns the slots that are still to be set one by one, which also tells why they were not.
 * Not where SETSLOT waits for replicas, which a script cannot.
 */
export async function setByScript(
  side: Pick<Side, 'waitsForReplicas' | 'forSetSlot'>,
  node: string,
  settings: readonly Setting[],
): Promise<readonly number[]> {
  const all = settings.map(([slot]) => slot);
  const [connection] = side.forSetSlot;
  if (side.waitsForReplicas || connection === undefined || all.length < FEWEST) return all;
  const replies = await run(connection, SCRIPT, [[node, ...settings.flat()]]);
  const [refused] = replies ?? [];
  if (refused === undefined || !isList(refused)) return all;
  const isRefused = new Set(refused.map(String));
  return all.filter((slot) => isRefused.has(String(slot)));
}
