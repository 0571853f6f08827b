import { type Document, isCollection, isMap, isNode, isScalar, type LineCounter, type Pair } from 'yaml';
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
      const value = length === path.length && !this.#isWhole(path) ? this.#text.slice(...range) : '';
      return this.at(range[0], message, value, expected);
    }
    return this.at(0, message, '', expected);
  }

  /** A mistake at a key itself. */
  atKey(path: readonly PropertyKey[], key: string, message: string, expected: string): Mistake {
    const holder: unknown = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    const pair = isMap(holder) ? holder.items.find((item) => keyOf(item) === key) : undefined;
    const offset = isNode(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0;
    return this.at(offset, message, key, expected);
  }

  /** A mistake on the line of an offset; what stands there is shown. */
  atLine(offset: number, message: string, expected: string): Mistake {
    const end = this.#text.indexOf('\n', offset);
    const start = this.#text.lastIndexOf('\n', offset - 1) + 1;
    return this.at(offset, message, this.#text.slice(start, end < 0 ? undefined : end), expected);
  }

  at(offset: number, message: string, value: string, expected: string): Mistake {
    const { line, col } = this.#lines.linePos(offset);
    const seen = shortened(value);
    return {
      file: this.#file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      message,
      value: seen === '' ? null : seen,
      expected,
    };
  }

  lineOf(offset: number): number {
    return this.#lines.linePos(offset).line;
  }

  #rangeOf(path: readonly PropertyKey[]): [number, number] | null {
    const node: unknown = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    if (!isNode(node) || node.range === null || node.range === undefined) return null;
    return [node.range[0], node.range[1]];
  }

  /** To show the whole file as the offending value tells nobody anything. */
  #isWhole(path: readonly PropertyKey[]): boolean {
    return path.length === 0 && isCollection(this.#document.contents);
  }
}

/** A key as it is named in a JavaScript object. */
export function keyOf(pair: Pair): string {
  return isScalar(pair.key) && pair.key.value === null ? '' : String(pair.key);
}

/** On one line, at most 60 characters. */
function shortened(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
