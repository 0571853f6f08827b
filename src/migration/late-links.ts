import { text } from '../core/replies.ts';
import type { Command } from '../ports/redis.ts';
import { ask, refusal, STEADY } from '../servers/ask.ts';
import type { Pair } from './pair.ts';

/**
 * Seconds since a connection was made. One that the donor has given up is older: MIGRATE waited longer for it. It may have brought
 * something a moment ago all the same, and bring more. Of a younger one, which another MIGRATE uses by now, nothing is late.
 */
const OLDER = 2;

/** What MIGRATE sends before the first key. */
const BEFORE_KEYS = ['NULL', 'auth', 'select'];

/**
 * Ends the connections at the receiver by which MIGRATEs came that the donor no longer waits for. When one takes too long the donor
 * closes its end, and its kernel goes on sending what was written into it: once the network is well again the receiver would
 * restore these keys with REPLACE, over what clients have written or deleted since another MIGRATE has brought them.
 * Throws `redis-permission` where the user may not look at connections: then it is not safe to go on.
 */
export async function endLateLinks({ donor, receiver }: Pair): Promise<void> {
  const { main } = receiver;
  const list = text(await ask(main, ['CLIENT', 'LIST'], { signal: STEADY }), `CLIENT LIST of ${main.pod}`);
  const ids = list.split('\n').flatMap((line) => (isLate(line, donor.pod.ip) ? [fieldOf(line, 'id')] : []));
  const kills = ids.map((id): Command => ['CLIENT', 'KILL', 'ID', id]);
  const answers = kills.length === 0 ? [] : await main.send(kills, { signal: STEADY });
  for (const answer of answers) {
    if (!answer.ok) throw refusal(main.pod, ['CLIENT', 'KILL'], answer.error);
  }
}

/** Nobody but MIGRATE sends RESTORE-ASKING; before that only the address tells whose connection it is. */
function isLate(line: string, donor: string | null): boolean {
  if (Number(fieldOf(line, 'age')) < OLDER) return false;
  const last = fieldOf(line, 'cmd');
  if (last === 'restore-asking') return true;
  const address = fieldOf(line, 'addr')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '');
  return BEFORE_KEYS.includes(last) && address === donor;
}

/** `id=7 addr=10.0.0.3:40112 … idle=4 … cmd=restore-asking user=default` */
function fieldOf(line: string, name: string): string {
  return new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? '';
}
