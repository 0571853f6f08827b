import { styleText } from 'node:util';

/** A stream that may be a terminal, as far as drawing on it goes. */
export type Terminal = Pick<
  NodeJS.WriteStream,
  'write' | 'isTTY' | 'columns' | 'rows' | 'hasColors' | 'moveCursor' | 'cursorTo' | 'clearScreenDown'
>;

export type Style = (format: 'bold' | 'red' | 'yellow', text: string) => string;

/**
 * Emphasis where the stream is a terminal that shows colours and NO_COLOR is not set.
 * `styleText` asks for both by itself only from Node 22.13 on.
 */
export function styleFor(stream: Terminal): Style {
  const isShown = stream.isTTY && stream.hasColors();
  return (format, text) => (isShown ? styleText(format, text, { validateStream: false }) : text);
}
