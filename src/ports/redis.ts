import type { Pod } from '../core/cluster.ts';
import type { Reply } from '../core/replies.ts';

/** In place of this argument the adapter puts what MIGRATE needs to log in: `AUTH password`, `AUTH2 user password` or nothing. */
export const CREDENTIALS: unique symbol = Symbol('credentials');

export type Argument = string | number | Buffer | typeof CREDENTIALS;

/** A command and its arguments: ['CLUSTER', 'SETSLOT', 7, 'STABLE']. */
export type Command = readonly Argument[];

/** A value as RESP2 has it; `core/replies.ts` reads it. */
export type { Reply };

/** One command's answer. The server's own error is a value: each caller knows which it can live with. */
export type Answer = { readonly ok: true; readonly value: Reply } | { readonly ok: false; readonly error: string };

/** One connection to one pod's server. Answers come in order. */
export interface Connection extends AsyncDisposable {
  readonly pod: string;
  /**
   * Sends the commands in one pipeline and gives one answer each.
   * Throws Failure `redis-unreachable` when the connection is lost or the deadline passes: then nobody knows which
   * commands were carried out.
   */
  send(commands: readonly Command[], options: { signal: AbortSignal; timeout?: number }): Promise<readonly Answer[]>;
}

/** The servers behind the pods. */
export interface Redis {
  /** The shared connection to a pod, opened when first asked for. Throws `redis-unreachable` or `redis-auth`. */
  connection(pod: Pod, options: { signal: AbortSignal }): Promise<Connection>;
  /** A further connection of the caller's own, to be disposed by it. */
  open(pod: Pod, options: { signal: AbortSignal }): Promise<Connection>;
}
