import { isEmpty } from '../../core/slots.ts';
import type { When } from '../kind.ts';
import type { Forget } from './shape.ts';

/**
 * What a removal leaves that was cut off between the reset and the forgetting: a node that owns nothing and that nobody
 * can find any more. It can come back from nowhere, so forgetting it is safe.
 */
export const whenNowhere: When<Forget> = ({ strangers }) =>
  strangers
    .filter((stranger) => stranger.nowhere === true && isEmpty(stranger.slots))
    .map((stranger) => ({ kind: 'forget', node: stranger.id }));
