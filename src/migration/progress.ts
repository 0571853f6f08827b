import { count, each, type SlotSet } from '../core/slots.ts';
import type { StepContext } from '../ports/context.ts';

export interface Move {
  /** The pod that owns the slots. */
  readonly from: string;
  readonly to: string;
  readonly slots: SlotSet;
}

/** Milliseconds. */
const TELL_EVERY = 1_000;

/** Counts what has moved and tells it about once a second, over all that one move takes: connections may be lost. */
export class Progress {
  readonly #move: Move;
  readonly #context: Pick<StepContext, 'clock' | 'tell'>;
  readonly #began: number;
  #toldAt: number;
  readonly #slotsLeft: Set<number>;
  #keysDone = 0;
  #keys: number | null = null;
  #averageKey = 0;

  constructor(move: Move, context: Pick<StepContext, 'clock' | 'tell'>) {
    this.#move = move;
    this.#slotsLeft = new Set(each(move.slots));
    this.#context = context;
    this.#began = context.clock.now();
    this.#toldAt = this.#began;
  }

  get slotsDone(): number {
    return count(this.#move.slots) - this.#slotsLeft.size;
  }

  /** Which slots of `among` are not moved yet, as the servers say; of all others it is as it was. */
  slotsLeft(left: readonly number[], { among }: { among: SlotSet }): void {
    for (const slot of each(among)) this.#slotsLeft.delete(slot);
    for (const slot of left) this.#slotsLeft.add(slot);
  }

  /** Keys that are to be moved from now on, as the donor counts them, and what one takes on average. */
  expect(keys: number, averageKey?: number): void {
    this.#keys = this.#keysDone + keys;
    this.#averageKey = averageKey ?? this.#averageKey;
  }

  movedKeys(keys: number): void {
    this.#keysDone += keys;
    this.#tellSometimes();
  }

  movedSlots(slots: readonly number[]): void {
    for (const slot of slots) this.#slotsLeft.delete(slot);
    this.#tellSometimes();
  }

  /** What the move waits for just now. */
  waits(text: string): void {
    this.#context.tell({ kind: 'note', text });
  }

  end(): void {
    this.#tell();
  }

  #tellSometimes(): void {
    if (this.#context.clock.now() - this.#toldAt >= TELL_EVERY) this.#tell();
  }

  #tell(): void {
    const now = this.#context.clock.now();
    this.#toldAt = now;
    this.#context.tell({
      kind: 'moving',
      from: this.#move.from,
      to: this.#move.to,
      slotsDone: this.slotsDone,
      slots: count(this.#move.slots),
      keysDone: this.#keysDone,
      keys: this.#keys,
      bytesDone: this.#keysDone * this.#averageKey,
      elapsed: now - this.#began,
    });
  }
}
