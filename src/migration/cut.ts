/** Slots that are moved together, and the keys in them. */
export interface Piece {
  readonly slots: readonly number[];
  readonly keys: number;
}

/**
 * Cuts slots into pieces within the bound, in their order and with about equally many keys each: not full ones and a rest.
 * A piece may exceed the bound by the keys of one slot, which cannot be cut.
 * @param counts keys of each slot
 * @param most keys of one piece
 */
export function cut(slots: readonly number[], counts: readonly number[], most: number): readonly Piece[] {
  const pieces: { slots: number[]; keys: number }[] = [];
  let rest = counts.reduce((sum, keys) => sum + keys, 0);
  let size = 0;
  for (const [i, slot] of slots.entries()) {
    const keys = counts[i] ?? 0;
    const last = pieces.at(-1);
    if (last === undefined || (last.keys >= size && rest > 0)) {
      size = rest / Math.max(1, Math.ceil(rest / most));
      pieces.push({ slots: [slot], keys });
    } else {
      last.slots.push(slot);
      last.keys += keys;
    }
    rest -= keys;
  }
  return pieces;
}

/** The same, piece after piece, where what one may hold changes on the way. */
export class Pieces {
  #slots: readonly number[];
  #counts: readonly number[];

  /** @param counts keys of each slot */
  constructor(slots: readonly number[], counts: readonly number[]) {
    this.#slots = slots;
    this.#counts = counts;
  }

  /** What no piece has been made of. */
  get left(): readonly number[] {
    return this.#slots;
  }

  /** @param most keys of this piece */
  next(most: number): Piece | undefined {
    const [piece] = cut(this.#slots, this.#counts, most);
    const size = piece?.slots.length ?? 0;
    this.#slots = this.#slots.slice(size);
    this.#counts = this.#counts.slice(size);
    return piece;
  }
}
