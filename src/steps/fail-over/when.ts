import type { When } from '../kind.ts';
import { Present } from '../present.ts';
import type { FailOver } from './shape.ts';

/**
 * A shard whose target primary is another one than now, once that is its replica; the step waits until it has caught up.
 * One at a time: elections at the same time compete for the votes of one epoch, and the one that loses pauses its writes
 * for longer.
 */
export const whenAnotherLeads: When<FailOver> = (now, { layout }) => {
  const present = Present.in(now);
  for (const shard of layout.shards) {
    const from = present.holder(shard);
    const successor = present.members.get(shard.primary);
    if (from === shard.primary || successor?.joined !== true || successor.primary !== from) continue;
    return [{ kind: 'fail-over', pod: shard.primary, from }];
  }
  return [];
};
