import { Failure } from '../../core/failure.ts';

/** Characters of a wrong value that are shown. */
const LONGEST_SHOWN = 60;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The inputs as the runner passes them: INPUT_ and the name in capitals. Collects what is wrong with them. */
export class Form {
  readonly #env: Environment;
  readonly #asked = new Set<string>();
  readonly #mistakes: string[] = [];

  constructor(env: Environment) {
    this.#env = env;
  }

  text(name: string): string | null {
    return this.#given(name).trim() || null;
  }

  /** As it is: blanks may belong to it. Only line ends do not, which files and editors add. */
  secret(name: string): string | null {
    return this.#given(name).replace(/[\r\n]+$/, '') || null;
  }

  /** A certificate or key; never quoted, whatever it is. */
  pem(name: string): string | null {
    const text = this.text(name);
    if (text === null || /^-----BEGIN [A-Z0-9 ]+-----\s[\s\S]+-----END [A-Z0-9 ]+-----$/m.test(text)) return text;
    this.#mistakes.push(`The input \`${name}\` is no PEM; expected: its content, from -----BEGIN to -----END.`);
    return text;
  }

  oneOf<T extends string>(name: string, words: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === null) return fallback;
    const word = words.find((one) => one === text);
    if (word === undefined) this.#wrong(name, text, words.join(', '));
    return word ?? fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    return this.oneOf(name, ['true', 'false'], fallback ? 'true' : 'false') === 'true';
  }

  list(name: string, separator: RegExp, fallback: readonly string[]): readonly string[] {
    const parts = (this.text(name) ?? '').split(separator).map((part) => part.trim());
    const given = parts.filter((part) => part !== '');
    return given.length === 0 ? fallback : given;
  }

  words<T extends string>(name: string, words: readonly T[]): readonly T[] {
    return this.list(name, /[\s,]+/, []).flatMap((text) => {
      const word = words.find((one) => one === text);
      if (word === undefined) this.#wrong(name, text, words.join(', '));
      return word ?? [];
    });
  }

  hash(name: string): string | null {
    const text = this.text(name);
    if (text !== null && !/^[0-9a-f]{12}$/.test(text)) {
      this.#wrong(name, text, 'the 12 hex digits that a plan shows as its hash');
    }
    return text;
  }

  /** Milliseconds of `30s`, `10m`, `1h`; at most a day. */
  duration(name: string, fallback: number): number {
    const text = this.text(name);
    if (text === null) return fallback;
    const [, digits, unit] = /^(\d{1,6})(s|m|h)$/.exec(text) ?? [];
    const seconds = Number(digits) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1);
    if (digits !== undefined && seconds > 0 && seconds <= 86_400) return seconds * 1000;
    this.#wrong(name, text, 'a duration such as 30s, 10m or 1h, at most 24h');
    return fallback;
  }

  /** Where the first is given, the second has to be. */
  needs(name: string, needed: string): void {
    if (this.secret(name) === null || this.secret(needed) !== null) return;
    this.#mistakes.push(`The input \`${name}\` is given and \`${needed}\` is not: they belong together.`);
  }

  /** What is given and would do nothing is not what was meant. */
  useless(names: readonly string[], without: string): void {
    for (const name of names) {
      if (this.text(name) !== null) this.#mistakes.push(`The input \`${name}\` does nothing without ${without}.`);
    }
  }

  refuseMistakes(): void {
    const [first] = this.#mistakes;
    if (first === undefined) return;
    const more = this.#mistakes.length === 1 ? '' : ` (and ${this.#mistakes.length - 1} more)`;
    throw new Failure('invalid-input', `Cannot begin: ${first}${more}`, {
      remedy:
        'Correct the `with:` of the workflow step, or at a terminal the options, which have the same names (the password: REDISCLI_AUTH); docs/inputs-outputs.md lists every input.',
      details: this.#mistakes,
    });
  }

  /** Inputs that nobody asked for. */
  unknown(): readonly string[] {
    const names = Object.keys(this.#env).filter((name) => name.startsWith('INPUT_') && !this.#asked.has(name));
    return names.map((name) => name.slice('INPUT_'.length).toLowerCase());
  }

  #given(name: string): string {
    const variable = `INPUT_${name.toUpperCase()}`;
    this.#asked.add(variable);
    return this.#env[variable] ?? '';
  }

  #wrong(name: string, value: string, expected: string): void {
    // A part of a secret that was given to the wrong input would be masked by nobody.
    const seen = value.length <= LONGEST_SHOWN ? `is "${value}"` : `has ${value.length} characters`;
    this.#mistakes.push(`The input \`${name}\` ${seen}; expected: ${expected}.`);
  }
}
