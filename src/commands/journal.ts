import type { Event } from '../core/events.ts';
import type { Journal } from '../engine/carry-out.ts';
import type { PlannedStep } from '../plan/plan.ts';
import type { Clock } from '../ports/clock.ts';
import type { Bar, Runner } from '../ports/runner.ts';
import { eventLine, stageTitle } from '../report/log.ts';

/** Milliseconds between two edits of the comment while the work goes on. */
const COMMENT_EVERY = 15_000;
/** Milliseconds between two lines about the same move. */
const MOVE_EVERY = 2_000;
/** Milliseconds between two drawings of what is under way. */
const DRAW_EVERY = 100;

/** As much of a desk as a journal needs. */
interface Listener {
  readonly clock: Pick<Clock, 'now'>;
  readonly runner: Pick<Runner, 'info' | 'group' | 'live'>;
}

/** Edits the comment. Never rejects; gives what went wrong, or null. */
type Show = (progress: readonly string[]) => Promise<string | null>;

/** Follows an apply: one group of log lines a stage, and now and then the comment. */
export class ApplyJournal implements Journal, AsyncDisposable {
  /** Titles of the stages that are done. */
  readonly done: string[] = [];
  /** Whether a stage was begun that does more than wait. */
  changed = false;
  readonly #desk: Listener;
  readonly #show: Show;
  readonly #moving = new Map<string, Bar & { readonly told: number }>();
  #current: string | null = null;
  #shownAt = Number.NEGATIVE_INFINITY;
  #drawnAt = Number.NEGATIVE_INFINITY;
  /** The edit that is under way; null for none. */
  #showing: Promise<void> | null = null;
  #isTroubled = false;

  constructor(desk: Listener, show: Show) {
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
    if (event.kind === 'moving') this.#tellMove(event);
    else this.#desk.runner.info(eventLine(event));
    this.#refresh();
  };

  /** As bars where they can be drawn, else as a line now and then; the end of a move always has its line. */
  #tellMove(event: Extract<Event, { kind: 'moving' }>): void {
    const { live } = this.#desk.runner;
    const line = eventLine(event);
    const move = `${event.from} ${event.to}`;
    const now = this.#desk.clock.now();
    const told = this.#moving.get(move)?.told ?? Number.NEGATIVE_INFINITY;
    const isOver = event.slotsDone === event.slots;
    const isDue = isOver || (live === undefined && now - told >= MOVE_EVERY);
    this.#moving.set(move, { text: line, part: event.slotsDone / event.slots, told: isDue ? now : told });
    if (isDue) this.#desk.runner.info(line);
    if (live === undefined || (!isOver && now - this.#drawnAt < DRAW_EVERY)) return;
    this.#drawnAt = now;
    live([...this.#moving.values()].filter(({ part }) => part < 1));
  }

  /** Waits for the edit of the comment that is under way, so that none comes after the last word. */
  async close(): Promise<void> {
    this.#shownAt = Number.POSITIVE_INFINITY;
    await this.#showing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** While an edit is under way there is no other one: where GitHub is slow or gone they would queue up. */
  #refresh(): void {
    const now = this.#desk.clock.now();
    if (this.#showing !== null || now - this.#shownAt < COMMENT_EVERY) return;
    this.#shownAt = now;
    const moves = Array.from(this.#moving.values(), ({ text }) => `   ${text}`);
    const current = this.#current === null ? [] : [`… ${this.#current}`, ...moves];
    this.#showing = this.#edit([...this.done.map((title) => `✓ ${title}`), ...current]);
  }

  async #edit(progress: readonly string[]): Promise<void> {
    const trouble = await this.#show(progress);
    this.#showing = null;
    if (trouble === null || this.#isTroubled) return;
    this.#isTroubled = true;
    this.#desk.runner.info(`The work goes on; how it goes is told only here. ${trouble}`);
  }
}
