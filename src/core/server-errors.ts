/** What a server's error text means. The first word is the code; where it is only `ERR`, the words after it decide. */
export type ServerError =
  | 'moved'
  | 'ask'
  | 'try-again'
  | 'cluster-down'
  | 'no-replicas'
  | 'busy-key'
  | 'io-error'
  | 'loading'
  | 'busy'
  | 'out-of-memory'
  | 'read-only'
  | 'not-authenticated'
  | 'no-permission'
  | 'not-cluster-mode'
  | 'unknown-command'
  | 'wrong-words'
  | 'unknown-node'
  | 'already-owner'
  | 'only-primaries'
  | 'target-no-primary'
  | 'unblocked'
  | 'newer-payload'
  | 'trim-pending'
  | 'unknown-type'
  | 'other';

/** First words that are codes of their own. */
const CODES: Readonly<Record<string, ServerError>> = {
  MOVED: 'moved',
  ASK: 'ask',
  TRYAGAIN: 'try-again',
  CLUSTERDOWN: 'cluster-down',
  NOREPLICAS: 'no-replicas',
  BUSYKEY: 'busy-key',
  IOERR: 'io-error',
  LOADING: 'loading',
  BUSY: 'busy',
  OOM: 'out-of-memory',
  READONLY: 'read-only',
  NOAUTH: 'not-authenticated',
  WRONGPASS: 'not-authenticated',
  NOPERM: 'no-permission',
  UNBLOCKED: 'unblocked',
};

/** Texts behind `ERR`, as the servers' sources have them (cluster.c, cluster_legacy.c, server.c, acl.c). */
const TEXTS: readonly (readonly [RegExp, ServerError])[] = [
  [/cluster support disabled/i, 'not-cluster-mode'],
  [/unknown (sub)?command/i, 'unknown-command'],
  [/Invalid CLUSTER SETSLOT action or number of arguments/i, 'wrong-words'],
  // Of a payload above proto-max-bulk-len; mostly the connection is gone before the donor has read this.
  [/invalid bulk length/i, 'io-error'],
  [/I don't know about node|unknown node/i, 'unknown-node'],
  [/I'm already the owner of hash slot/i, 'already-owner'],
  [/use SETSLOT only with (masters|primaries)/i, 'only-primaries'],
  [/Target node is not a (master|primary)/i, 'target-no-primary'],
  [/DUMP payload version/i, 'newer-payload'],
  // Redis from 8.4 on: what a job has left behind there is thrown away as soon as writes are not paused.
  [/pending trim job/i, 'trim-pending'],
  [/Bad data format/i, 'unknown-type'],
  [/invalid password|operation not permitted/i, 'not-authenticated'],
];

/** The meaning of an error text. What MIGRATE reports of the other side is read as that side's error. */
export function meaningOf(error: string): ServerError {
  const text = error.replace(/^-?(ERR )?Target instance replied with error: -?/i, '').replace(/^-/, '');
  const code = CODES[/^[A-Z]+/.exec(text)?.[0] ?? ''];
  if (code !== undefined) return code;
  return TEXTS.find(([pattern]) => pattern.test(text))?.[1] ?? 'other';
}

/**
 * Whether AUTH or the first command was refused for want of the right name and password. A server that has no password
 * refuses AUTH and lets everybody in all the same; it counts as refused, since MIGRATE would fail on that password later,
 * in the middle of the work.
 */
export function isAuthRefusal(error: string): boolean {
  return isWithoutPassword(error) || meaningOf(error) === 'not-authenticated';
}

/** Whether the server says that it has no password at all. */
export function isWithoutPassword(error: string): boolean {
  return /no password is set|without any password configured/i.test(error);
}
