import { Failure } from '../core/failure.ts';
import type { Migration } from '../core/topology.ts';
import { moveClassic } from './classic.ts';
import type { Mover } from './mover.ts';

/**
 * The way in which one donor gives slots to one receiver.
 * Throws `migration-failed` where the topology asks for a way that there is not.
 */
export function chooseMover(method: Migration['method']): Mover {
  if (method !== 'atomic') return moveClassic;
  throw new Failure(
    'migration-failed',
    'Cannot move slots with `migration.method: atomic`: this version of the action only moves them key by key.',
    { remedy: 'Set `migration.method` to `auto` or `classic`. Nothing was changed by this step.' },
  );
}
