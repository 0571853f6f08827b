import { mayHoldSlots, mayReturn } from '../../core/kept-volumes.ts';
import { isEmpty } from '../../core/slots.ts';
import { isForgettable, isNowhere } from '../../core/stranger-findings.ts';
import type { Repair, When } from '../kind.ts';
import type { Forget } from './shape.ts';

/**
 * What a removal leaves that was cut off between the reset and the forgetting: a node that owns nothing and that nobody
 * can find any more. It can come back from nowhere, so forgetting it is safe.
 */
export const whenNowhere: When<Forget> = ({ strangers }) =>
  strangers.filter(isNowhere).map((stranger) => ({ kind: 'forget', node: stranger.id }));

/**
 * Nodes that no pod is, that have failed in the eyes of those who know them and that nobody replicates. A failed primary that has a
 * replica is needed: forgotten, its slots could be taken over by nobody. So is one that may come back with the keys of slots. Where a
 * removal was cut off it is ended instead.
 */
export const whenGone: Repair<Forget> = (now) =>
  now.strangers
    .filter((stranger) => isForgettable(stranger) && (stranger.ghostOf === undefined || !isEmpty(stranger.slots)))
    .filter((stranger) => !(mayHoldSlots(now) && mayReturn(stranger, now)))
    .map((stranger) => ({ kind: 'forget', node: stranger.id }));
