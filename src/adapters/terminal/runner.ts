import { stripVTControlCharacters } from 'node:util';
import type { Runner } from '../../ports/runner.ts';
import { framed } from './markdown.ts';
import { Screen } from './screen.ts';
import { type Style, styleFor, type Terminal } from './style.ts';

export interface TerminalOptions {
  /** Where the words go. Default: standard output. */
  readonly stream?: Terminal;
  /** Takes secrets out of what is shown. */
  readonly redact?: (text: string) => string;
  /** Whether to show the summary, in a frame. */
  readonly summary?: boolean;
}

export interface TerminalRunner extends Runner {
  /** What the program gives to other programs, by name. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Name of a kept file → its content. */
  readonly kept: ReadonlyMap<string, string>;
}

/** The runner's part on a terminal: the log as it comes, groups as headings, moves as bars where they can be redrawn. */
export function terminalRunner(options: TerminalOptions = {}): TerminalRunner {
  const { stream = process.stdout, redact = (text) => text, summary = false } = options;
  const clean = (text: string): string => inert(redact(text));
  const screen = new Screen(stream);
  const outputs = new Map<string, string>();
  const kept = new Map<string, string>();
  const style = styleFor(stream);
  const say = (text: string, format: Parameters<Style>[0]): void => screen.say(style(format, clean(text)));
  return {
    outputs,
    kept,
    info: (line) => screen.say(clean(line)),
    warning: (text) => say(text, 'yellow'),
    error: (text) => say(text, 'red'),
    group(title, work) {
      say(title, 'bold');
      return screen.indented(work);
    },
    ...(stream.isTTY
      ? { live: (bars) => screen.draw(bars.map(({ text, part }) => ({ text: clean(text), part }))) }
      : {}),
    // The log has told them, with their lines: there are no lines of a pull request here to put them at.
    annotate: () => undefined,
    output: (name, value) => void outputs.set(name, redact(value)),
    async summary(markdown) {
      if (summary) stream.write(`\n${framed(clean(markdown), style)}\n`);
    },
    async keep(name, content) {
      kept.set(name, redact(content));
      return name;
    },
  };
}

/** Texts of servers may hold what would move the cursor or rename the window. */
function inert(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}--[\n\t]]/gv, '\u{fffd}');
}
