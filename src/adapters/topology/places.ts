import { type Document, isMap, isNode, isScalar, type LineCounter } from 'yaml';
import type { Mistake } from '../../core/mistake.ts';

/** Where things stand in one file. */
export class Places {
  readonly #file: string;
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #text: string;

  constructor(file: string, text: string, document: Document.Parsed, lines: LineCounter) {
    this.#file = file;
    this.#text = text;
    this.#document = document;
    this.#lines = lines;
  }

  /** A mistake at the value under a path; where nothing stands there, at what would hold it. */
  atValue(path: readonly PropertyKey[], message: string, expected: string): Mistake {
    for (let length = path.length; length >= 0; length -= 1) {
      const range = this.#rangeOf(path.slice(0, length));
      if (range === null) continue;
      const value = length === path.length ? shortened(this.#text.slice(range[0], range[1])) : null;
      return this.#at(range[0], message, value, expected);
    }
    return this.#at(0, message, null, expected);
  }

  /** A mistake at a key itself. */
  atKey(path: readonly PropertyKey[], key: string, message: string, expected: string): Mistake {
    const holder = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    const pair = isMap(holder) ? holder.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    const offset = isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0;
    return this.#at(offset, message, shortened(key), expected);
  }

  atOffset(offset: number, message: string, expected: string): Mistake {
    return this.#at(offset, message, null, expected);
  }

  #rangeOf(path: readonly PropertyKey[]): readonly [number, number] | null {
    const node: unknown = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    if (!isNode(node) || node.range === null || node.range === undefined) return null;
    return [node.range[0], node.range[1]];
  }

  #at(offset: number, message: string, value: string | null, expected: string): Mistake {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col), message, value, expected };
  }
}

/** On one line, at most 60 characters. */
export function shortened(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
