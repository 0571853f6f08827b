import { randomInt } from 'node:crypto';
import { parseFields } from '../../core/info.ts';
import { text } from '../../core/replies.ts';
import type { Command } from '../../ports/redis.ts';
import type { Link } from './connection.ts';
import type { Identity, OpenTunnel } from './dial.ts';
import { type Credentials, logIn } from './log-in.ts';
import { openLink } from './open-link.ts';
import { openStream, type TlsOptions } from './stream.ts';

/** Milliseconds for a tunnel, logging in and three questions. */
const PATIENCE = 3_000;

/** A certificate that was verified is proof enough: nothing is told before, not even that Redis is looked for. */
export function identityByCertificate(tls: TlsOptions): Identity {
  return {
    answers: async (at, { signal }) => {
      const stream = await openStream(at, { tls, signal });
      stream.destroy();
      return true;
    },
    isOf: async () => true,
  };
}

/**
 * Without logging in, nothing can be asked of a server. So an unknown number of commands goes to the address, and whoever
 * counts just as many is the same server: the pod's own one is asked through the API server, which leads to no other.
 * It needs no right but INFO, and no address that stays the same on the way.
 */
export function identityByCounting(open: OpenTunnel, credentials: Credentials): Identity {
  return {
    answers: async (at, { signal }) => {
      await using link = await openLink(at.host, at, { tls: null, signal });
      const [answer] = await link.send([['PING']], { signal });
      return answer !== undefined;
    },
    isOf: async (pod, at, options) => {
      const signal = AbortSignal.any([options.signal, AbortSignal.timeout(PATIENCE)]);
      await using inside = await openLink(pod.name, { stream: await open(pod, { signal }) }, { tls: null, signal });
      await logIn(inside, credentials, { signal, timeout: PATIENCE });
      await using outside = await openLink(pod.name, at, { tls: null, signal });
      const before = await counted(inside, signal);
      const times = randomInt(FEWEST, MOST);
      await outside.send(
        Array.from({ length: times }, () => COUNTED),
        { signal },
      );
      return (await counted(inside, signal)) - before === times;
    },
  };
}

/** Changes nothing on a new connection, is known to all servers, and hardly anybody sends it. */
const COUNTED: Command = ['READWRITE'];

/** Servers since 2025 drop who has not logged in and is owed much. */
const FEWEST = 10;
const MOST = 100;

/** How often the server was sent that command; those that it refused, as for want of a password, count. */
async function counted(link: Link, signal: AbortSignal): Promise<number> {
  const [answer] = await link.send([['INFO', 'commandstats']], { signal });
  if (answer === undefined || !answer.ok) return Number.NaN;
  const stats = parseFields(text(answer.value, `INFO of ${link.pod}`)).get('cmdstat_readwrite') ?? '';
  const count = (name: string): number => Number(new RegExp(`(?:^|,)${name}=(\\d+)`).exec(stats)?.[1] ?? 0);
  return count('calls') + count('rejected_calls');
}
