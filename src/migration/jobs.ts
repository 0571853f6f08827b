import type { AtomicCommand } from '../core/capabilities.ts';
import { isList, type Reply, shown, text, unexpected } from '../core/replies.ts';
import { parse, type SlotSet } from '../core/slots.ts';
import type { Pair } from './pair.ts';

/** A job by which servers move slots as a whole: a snapshot, then what is written meanwhile, then the ownership. */
export interface Job {
  readonly id: string;
  readonly slots: SlotSet;
  readonly phase: Phase;
  /** The server's own word for where it is. */
  readonly state: string;
  /** What this server says of what went wrong; empty where nothing did. */
  readonly message: string;
  /** How often the server has begun it anew by itself. */
  readonly retries: number;
}

/**
 * `waiting`: nothing has been sent yet. `copying`: clients notice nothing yet. `handing-over`: the donor holds writes back, or may do so
 * at any moment. The other three are ends.
 */
export type Phase = 'waiting' | 'copying' | 'handing-over' | 'done' | 'failed' | 'cancelled';

export function hasEnded({ phase }: Job): boolean {
  return phase === 'done' || phase === 'failed' || phase === 'cancelled';
}

/** How one kind of server is told to move slots as a whole. */
export interface Jobs {
  readonly kind: AtomicCommand;
  /** The command, for people. */
  readonly command: string;
  /** Who gets it, and remembers the jobs. */
  readonly told: 'donor' | 'receiver';
  /**
   * Keys of one job while servers answer fast.
   * @param maxLatency `migration.maxLatency`, milliseconds
   */
  mostKeys(maxLatency: number): number;
  /** Begins a job. The server's refusal is a value: what it means is decided by the caller. */
  start(pair: Pair, slots: SlotSet): Promise<Started>;
  /** All jobs of that node, as far as it remembers them. */
  list(pair: Pair): Promise<readonly Job[]>;
  /** What the servers say of a job that has failed. */
  reason(pair: Pair, job: Job): Promise<string>;
  /**
   * What the donor says against a job of which it knows by now that the receiver has taken over; null: nothing. Once it has given up
   * waiting it takes writes, which the news then makes it throw away.
   */
  regret(pair: Pair, id: string): Promise<string | null>;
  /** Whether the server begins a failed job anew until it is cancelled. */
  readonly retries: boolean;
  /** Whether the receiver counts only keys of slots that it owns or marks. */
  readonly hidesStrayKeys: boolean;
  /**
   * Whether a job of ours can be cancelled without the risk that the receiver takes over all the same, and without ending one of
   * somebody else.
   * @param all that the node has
   * @param ours the ids of the jobs of this move
   */
  maySafelyCancel(all: readonly Job[], ours: ReadonlySet<string>): boolean;
  cancel(pair: Pair, job: Job): Promise<void>;
  /** The same, for people. */
  cancelCommand(job: Job): string;
}

export type Started = { readonly ok: true; readonly id: string } | { readonly ok: false; readonly error: string };

/** `0 99 200 200`, as both commands want their ranges. */
export function rangeWords(slots: SlotSet): readonly number[] {
  return slots.flat();
}

/** A list of names and values in turn, of which some values are numbers. */
export function fieldsOf(reply: Reply, what: string): ReadonlyMap<string, string> {
  if (!isList(reply) || reply.length % 2 !== 0) throw unexpected(what, 'names and values in turn', reply);
  const fields = new Map<string, string>();
  for (let i = 0; i < reply.length; i += 2) {
    const value = reply[i + 1] ?? null;
    fields.set(text(reply[i] ?? null, what), typeof value === 'number' ? String(value) : text(value, what));
  }
  return fields;
}

/** `0-300 400-500` */
export function slotsOf(words: string, what: string): SlotSet {
  const slots = parse(words.trim().replaceAll(/\s+/g, ','));
  if (slots === null) throw unexpected(what, 'ranges of slots', shown(words));
  return slots;
}
