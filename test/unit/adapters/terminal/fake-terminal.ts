import type { Terminal } from '../../../../src/adapters/terminal/style.ts';

/** A terminal that keeps the lines which are to be seen on it, and those that have left it at the top. */
export class FakeTerminal implements Terminal {
  readonly isTTY: boolean;
  readonly columns = 80;
  readonly rows: number;
  readonly #colours: boolean;
  #lines: string[] = [''];
  /** The lowest line that was ever reached: what is this far above the cursor has left the screen. */
  #lowest = 0;
  /** How often something was to be drawn where the cursor cannot go any more. */
  beyond = 0;

  constructor({ isTTY = true, rows = 24, colours = true } = {}) {
    this.isTTY = isTTY;
    this.rows = rows;
    this.#colours = colours;
  }

  get text(): string {
    return this.#lines.join('\n').trimEnd();
  }

  hasColors(): boolean {
    return this.#colours;
  }

  write(text: string | Uint8Array): boolean {
    const [first = '', ...more] = String(text).split('\n');
    this.#lines.push((this.#lines.pop() ?? '') + first, ...more);
    this.#lowest = Math.max(this.#lowest, this.#lines.length);
    return true;
  }

  moveCursor(_columns: number, lines: number): boolean {
    const to = this.#lines.length + lines;
    if (to <= this.#lowest - this.rows) this.beyond += 1;
    this.#lines = this.#lines.slice(0, to);
    return true;
  }

  cursorTo(): boolean {
    this.#lines = [...this.#lines.slice(0, -1), ''];
    return true;
  }

  clearScreenDown(): boolean {
    return true;
  }
}
