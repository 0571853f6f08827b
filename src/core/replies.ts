import { Failure } from './failure.ts';

/** A value as RESP2 has it. Bulk strings come as Buffers. */
export type Reply = string | number | null | Buffer | readonly Reply[];

/** Replies longer than this are taken for a mistake: CLUSTER NODES of 1,000 nodes with scattered slots has under 1 MB. */
const LONGEST = 16 * 1024 * 1024;

export function isReply(value: unknown): value is Reply {
  if (value === null || typeof value === 'string' || typeof value === 'number' || Buffer.isBuffer(value)) return true;
  return Array.isArray(value) && value.every(isReply);
}

/**
 * A reply that has to be text.
 * @param what names the command and the pod, for the Failure `redis-error`
 */
export function text(reply: Reply, what: string): string {
  if (typeof reply !== 'string' && !Buffer.isBuffer(reply)) throw unexpected(what, 'text', reply);
  if (reply.length > LONGEST) throw unexpected(what, `at most ${LONGEST} bytes`, `${reply.length} bytes`);
  return typeof reply === 'string' ? reply : reply.toString('utf8');
}

/** A reply that has to be a whole number, as an integer or in digits. */
export function number(reply: Reply, what: string): number {
  if (typeof reply === 'number') return reply;
  if (typeof reply === 'string' || Buffer.isBuffer(reply)) {
    const digits = reply.toString();
    if (/^-?\d{1,15}$/.test(digits)) return Number(digits);
  }
  throw unexpected(what, 'a number', reply);
}

export function array(reply: Reply, what: string): readonly Reply[] {
  if (isList(reply)) return reply;
  throw unexpected(what, 'a list', reply);
}

/** A reply in a few words, for messages. */
export function shown(reply: Reply): string {
  if (reply === null) return 'nothing';
  if (isList(reply)) return `a list of ${reply.length}`;
  const words = typeof reply === 'number' ? String(reply) : reply.toString();
  return words.length > 80 ? `"${words.slice(0, 77)}…"` : `"${words}"`;
}

export function unexpected(what: string, wanted: string, seen: Reply): Failure {
  return new Failure('redis-error', `Cannot read the reply to ${what}: expected ${wanted}, but got ${shown(seen)}.`, {
    remedy: 'Check that the server is Redis 6.2 or later, or Valkey; if it is, open an issue with this message.',
  });
}

export function isList(reply: Reply): reply is readonly Reply[] {
  return Array.isArray(reply);
}
