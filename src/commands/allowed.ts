import type { Request } from '../core/request.ts';
import { ALLOW_WORDS, type AllowWord } from '../plan/plan.ts';

/** What the run may do beyond the safe. */
export function allowed(request: Pick<Request, 'allow'>): readonly AllowWord[] {
  return ALLOW_WORDS.filter((word) => request.allow.includes(word));
}
