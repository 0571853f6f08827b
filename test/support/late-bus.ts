import { InFront } from './in-front.ts';

/**
 * Whatever the first of the servers hears by the cluster bus arrives late. A node tells its news on the connection that it made, and
 * in its answers on those that others made to it: both are held back.
 * @param delay milliseconds
 */
export function lateBus(delay: number): InFront {
  return new InFront((what, isFirst) => {
    if (what === 'clients') return {};
    return { delay: isFirst ? { there: delay } : { back: delay } };
  });
}
