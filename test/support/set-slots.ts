import type { Command } from '../../src/ports/redis.ts';

/** A command as it is sent; of a script that sets slots the commands that it carries out: `CLUSTER SETSLOT 7 STABLE`. */
export function carriedOut(command: Command): readonly string[] {
  const [name, script, , node, ...settings] = command.map(String);
  if (name !== 'EVAL' || !(script ?? '').includes('SETSLOT')) return [command.map(String).join(' ')];
  return settings.flatMap((slot, i) => {
    if (i % 2 === 1) return [];
    const state = settings[i + 1] ?? '';
    return [`CLUSTER SETSLOT ${slot} ${state}${state === 'STABLE' ? '' : ` ${node}`}`];
  });
}
