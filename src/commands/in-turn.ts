import type { Runner } from '../ports/runner.ts';

/**
 * Lets several works tell the log what they do while they run side by side: the first to begin is heard at once, the
 * others when it is their turn, so that a log reads one cluster after another.
 */
export class InTurn {
  readonly #runner: Runner;
  /** Those before have said all. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  async speak<T>(work: (runner: Runner) => Promise<T>): Promise<T> {
    const turn = new Turn(this.#runner);
    const myTurn = this.#before.then(() => turn.begin());
    const working = work(turn.runner);
    this.#before = Promise.allSettled([myTurn, working]);
    const result = await working;
    await myTurn;
    return result;
  }
}

/** Keeps what is said until the turn begins; from then on it is said at once. */
class Turn {
  readonly runner: Runner;
  readonly #kept: (() => void)[] = [];
  #isOn = false;

  constructor(runner: Runner) {
    const say = (word: () => void): void => {
      if (this.#isOn) word();
      else this.#kept.push(word);
    };
    this.runner = {
      ...runner,
      info: (line) => say(() => runner.info(line)),
      warning: (text, at) => say(() => runner.warning(text, at)),
      error: (text) => say(() => runner.error(text)),
      annotate: (mistakes) => say(() => runner.annotate(mistakes)),
    };
  }

  begin(): void {
    this.#isOn = true;
    for (const word of this.#kept) word();
  }
}
