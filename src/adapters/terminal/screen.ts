import type { Bar } from '../../ports/runner.ts';
import type { Terminal } from './style.ts';

const BAR = 20;

/** Where the terminal has no size, as those have that programs make for others. */
const ROWS = 24;
const COLUMNS = 80;

/** Lines that stay, and below them bars that are drawn anew. */
export class Screen {
  readonly #stream: Terminal;
  #indent = '  ';
  #drawn: readonly string[] = [];

  constructor(stream: Terminal) {
    this.#stream = stream;
  }

  say(text: string): void {
    const bars = this.#drawn;
    this.#show([]);
    this.#stream.write(`${this.#indent}${text.replaceAll('\n', `\n${this.#indent}`)}\n`);
    this.#show(bars);
  }

  async indented<T>(work: () => Promise<T>): Promise<T> {
    this.#indent = '     ';
    try {
      return await work();
    } finally {
      this.draw([]);
      this.#indent = '  ';
    }
  }

  /** In place of the bars that were drawn before; as many as there is room for: what has left the screen cannot be drawn anew. */
  draw(bars: readonly Bar[]): void {
    const room = Math.max(1, (this.#stream.rows || ROWS) - 2);
    const shown = bars.length <= room ? bars : bars.slice(0, room - 1);
    const more = bars.length - shown.length;
    const lines = shown.map(({ text, part }) => `${this.#indent}${barOf(part)} ${text}`);
    this.#show(more === 0 ? lines : [...lines, `${this.#indent}… and ${more} more`]);
  }

  #show(lines: readonly string[]): void {
    if (this.#drawn.length > 0) {
      this.#stream.moveCursor(0, -this.#drawn.length);
      this.#stream.cursorTo(0);
      this.#stream.clearScreenDown();
    }
    for (const line of lines) this.#stream.write(`${line.slice(0, (this.#stream.columns || COLUMNS) - 1)}\n`);
    this.#drawn = lines;
  }
}

function barOf(part: number): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * BAR);
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${String(Math.floor(part * 100)).padStart(3)} %`;
}
