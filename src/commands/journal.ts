import type { Event } from '../core/events.ts';
import type { Journal } from '../engine/carry-out.ts';
import type { PlannedStep } from '../plan/plan.ts';
import type { Bar } from '../ports/runner.ts';
import { eventLine, stageTitle } from '../report/log.ts';
import type { Desk } from './desk.ts';

/** Milliseconds between two edits of the comment while the work goes on. */
const COMMENT_EVERY = 15_000;
/** Milliseconds between two lines about the same move. */
const MOVE_EVERY = 2_000;

/** Follows an apply: one group of log lines a stage, and now and then the comment. */
export class ApplyJournal implements Journal, AsyncDisposable {
  /** Titles of the stages that are done. */
  readonly done: string[] = [];
  /** Whether a stage was begun that does more than wait. */
  changed = false;
  readonly #desk: Desk;
  readonly #show: (progress: readonly string[]) => Promise<unknown>;
  readonly #moving = new Map<string, Bar & { readonly told: number }>();
  #current: string | null = null;
  #shownAt = Number.NEGATIVE_INFINITY;
  #showing: Promise<unknown> = Promise.resolve();

  constructor(desk: Desk, show: (progress: readonly string[]) => Promise<unknown>) {
    this.#desk = desk;
    this.#show = show;
  }

  async stage(number: number, planned: readonly PlannedStep[], work: () => Promise<void>): Promise<void> {
    const title = stageTitle(number, planned);
    this.#current = title;
    this.changed ||= planned.some(({ step }) => step.kind !== 'wait-for-pods');
    this.#refresh();
    await this.#desk.runner.group(title, work);
    this.#moving.clear();
    this.#current = null;
    this.done.push(title);
  }

  readonly tell = (event: Event): void => {
    const line = eventLine(event);
    if (event.kind !== 'moving') {
      this.#desk.runner.info(line);
    } else {
      const move = `${event.from} ${event.to}`;
      const now = this.#desk.clock.now();
      const told = this.#moving.get(move)?.told ?? Number.NEGATIVE_INFINITY;
      const isDue = now - told >= MOVE_EVERY || event.slotsDone === event.slots;
      const { live } = this.#desk.runner;
      if (isDue && live === undefined) this.#desk.runner.info(line);
      this.#moving.set(move, { text: line, part: event.slotsDone / event.slots, told: isDue ? now : told });
      live?.([...this.#moving.values()]);
    }
    this.#refresh();
  };

  /** Waits for the edit of the comment that is under way, so that none comes after the last word. */
  async close(): Promise<void> {
    this.#shownAt = Number.POSITIVE_INFINITY;
    await this.#showing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #refresh(): void {
    const now = this.#desk.clock.now();
    if (now - this.#shownAt < COMMENT_EVERY) return;
    this.#shownAt = now;
    const moves = Array.from(this.#moving.values(), ({ text }) => `   ${text}`);
    const current = this.#current === null ? [] : [`… ${this.#current}`, ...moves];
    const progress = [...this.done.map((title) => `✓ ${title}`), ...current];
    this.#showing = this.#showing.then(() => this.#show(progress));
  }
}
