import type { Bar } from '../../ports/runner.ts';

const BAR = 20;

/** Lines that stay, and below them bars that are drawn anew. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  #indent = '  ';
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  say(text: string): void {
    this.draw([]);
    this.#stream.write(`${this.#indent}${text.replaceAll('\n', `\n${this.#indent}`)}\n`);
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

  /** In place of the bars that were drawn before. */
  draw(bars: readonly Bar[]): void {
    if (this.#drawn > 0) {
      this.#stream.moveCursor(0, -this.#drawn);
      this.#stream.cursorTo(0);
      this.#stream.clearScreenDown();
    }
    const lines = bars.map(({ text, part }) => `${this.#indent}${barOf(part)} ${text}`);
    for (const line of lines) this.#stream.write(`${line.slice(0, this.#stream.columns - 1)}\n`);
    this.#drawn = lines.length;
  }
}

function barOf(part: number): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * BAR);
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${String(Math.floor(part * 100)).padStart(3)} %`;
}
