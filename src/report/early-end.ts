import type { Failure } from '../core/failure.ts';
import { prose } from './escape.ts';

/** More of them nobody reads on a page; the log has all. */
const MOST_DETAILS = 50;

/** For a run that ended before it came to any cluster: what stands in the way, and what to do. */
export function earlyEndBody({ message, details, remedy }: Failure): string {
  const more = details.length - MOST_DETAILS;
  return [
    '### Redis Cluster',
    '',
    `**${prose(message)}**`,
    '',
    ...details.slice(0, MOST_DETAILS).map((detail) => `- ${prose(detail)}`),
    ...(more > 0 ? [`- and ${more} more; the log has all of them`] : []),
    '',
    `What to do: ${prose(remedy)}`,
  ].join('\n');
}
