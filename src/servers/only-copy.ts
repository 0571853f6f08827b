import { Failure } from '../core/failure.ts';
import { isEmpty } from '../core/slots.ts';
import type { View } from './views.ts';

/**
 * Before a replica gives up the data that it has. Throws `changed-meanwhile` where the primary that it follows owns slots and does not
 * answer it: that one may never come back, and then this replica is what takes over.
 * @param view the replica's own
 */
export function refuseIfOnlyCopy(pod: string, { me, nodes }: View): void {
  const primary = nodes.get(me.primary ?? '');
  if (primary === undefined || primary.health === 'ok' || isEmpty(primary.slots)) return;
  throw new Failure(
    'changed-meanwhile',
    `Cannot take ${pod} from its shard: its primary ${primary.id} does not answer it, so that ${pod} may have the only copy of that one's keys.`,
    {
      remedy:
        'Wait until the primary is back or the replica has taken over from it, then run apply again. Delete no data on either of them.',
    },
  );
}
