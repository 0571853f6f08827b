import { getOctokit } from '@actions/github';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Asked, LONGEST_WAIT } from '../../ports/github.ts';
import { type Errand, failureOf, type Trouble, troubleOf } from './errors.ts';

export type Octokit = ReturnType<typeof getOctokit>;

/** One call of a port's method: all its requests share its deadlines, in milliseconds since the epoch. */
export interface Visit {
  readonly signal: AbortSignal;
  /** Nothing that GitHub did not answer is asked again that would come after it. What a limit takes moves it. */
  deadline: number;
  /** No limit is waited for that ends after it. */
  readonly patientUntil: number;
  /** Milliseconds for one request. */
  readonly each: number;
}

/** Sends one request. `attempt` counts from 0, so that what creates can look first whether it already has. */
export type Send<T> = (octokit: Octokit, request: { signal: AbortSignal }, attempt: number) => Promise<T>;

/** As many as GitHub gives at once. */
const PER_PAGE = 100;

const PATIENCE = 60_000;
const ONE_REQUEST = 20_000;
const LONGEST_PAUSE = 16_000;

/** Where a limit names no time: GitHub asks for a minute at least, and for longer each time (GitHub, "Rate limits"). */
const UNNAMED_LIMIT = 60_000;

const LINKED = z.object({ headers: z.object({ link: z.string().optional() }), data: z.unknown() });

/** A rate limit that was met. */
interface Limit {
  readonly until: number;
  readonly trouble: Trouble;
  readonly cause: unknown;
}

export interface RequestOptions {
  readonly token: string;
  readonly apiUrl: string;
  readonly clock: Clock;
  /** Told when a limit is waited for. */
  readonly waiting: (text: string) => void;
}

/** Requests to one GitHub, tried again while that can help. */
export class Requests {
  readonly #octokit: Octokit;
  readonly #where: string;
  readonly #clock: Clock;
  readonly #waiting: (text: string) => void;
  /** It holds for all requests of this token: who goes on asking is kept out for longer. */
  #limit: Limit | null = null;

  constructor({ token, apiUrl, clock, waiting }: RequestOptions) {
    this.#octokit = getOctokit(token, { baseUrl: apiUrl });
    this.#where = URL.parse(apiUrl)?.host ?? 'the given address';
    this.#clock = clock;
    this.#waiting = waiting;
  }

  begin({ signal, patience = PATIENCE, limits = 'wait' }: Asked): Visit {
    const now = this.#clock.now();
    const patientUntil = now + (limits === 'wait' ? LONGEST_WAIT : 0);
    return { signal, deadline: now + patience, patientUntil, each: Math.min(patience, ONE_REQUEST) };
  }

  /** Lets GitHub come to know what it does not know yet. */
  pause(milliseconds: number, visit: Visit): Promise<void> {
    return this.#clock.sleep(milliseconds, visit);
  }

  /**
   * Rate limits, server errors and lost connections are tried again as long as the visit may wait for them.
   * Throws Failure `github-error`, or the signal's reason.
   */
  async send<T>(visit: Visit, errand: Errand, shape: z.ZodType<T>, send: Send<unknown>): Promise<T> {
    let limits = 0;
    for (let attempt = 0; ; attempt++) {
      await this.#standStill(visit, errand);
      try {
        const signal = AbortSignal.any([visit.signal, AbortSignal.timeout(visit.each)]);
        return read(errand, shape, await send(this.#octokit, { signal }, attempt));
      } catch (thrown) {
        visit.signal.throwIfAborted();
        const now = this.#clock.now();
        const trouble = troubleOf(thrown, now);
        if (trouble === null) throw thrown;
        if (trouble.kind === 'limited') {
          this.#limit = { until: now + limitOf(trouble.wait, attempt, limits++), trouble, cause: thrown };
          continue;
        }
        const pause = trouble.kind === 'refused' ? null : growing(attempt);
        if (pause === null || now + pause > visit.deadline) throw failureOf(errand, trouble, this.#where, thrown);
        await this.#clock.sleep(pause, visit);
      }
    }
  }

  /** Waits until no limit holds any more, or throws what it is where that would take too long. */
  async #standStill(visit: Visit, errand: Errand): Promise<void> {
    visit.signal.throwIfAborted();
    for (let limit = this.#limit; limit !== null; limit = this.#limit) {
      const pause = limit.until - this.#clock.now();
      if (pause <= 0) return;
      if (limit.until > visit.patientUntil) throw failureOf(errand, limit.trouble, this.#where, limit.cause);
      this.#waiting(`GitHub limits the rate of requests: waiting ${Math.ceil(pause / 1000)} s to ${errand.doing}.`);
      await this.#clock.sleep(pause, visit);
      visit.deadline += pause;
    }
  }

  /** All entries of a list, page by page. */
  async *pages<T>(
    visit: Visit,
    errand: Errand,
    shape: z.ZodType<T>,
    list: (octokit: Octokit, options: PageOptions) => Promise<unknown>,
  ): AsyncGenerator<T> {
    for (let page = 1; ; page++) {
      const answer = await this.send(visit, errand, LINKED, (octokit, request) =>
        list(octokit, { page, per_page: PER_PAGE, request }),
      );
      yield* read(errand, z.array(shape), answer.data);
      if (!hasNext(answer.headers.link)) return;
    }
  }
}

export interface PageOptions {
  readonly page: number;
  readonly per_page: number;
  readonly request: { signal: AbortSignal };
}

/** Whether a Link header names a page after this one. */
function hasNext(link: string | undefined): boolean {
  return /\brel="next"/.test(link ?? '');
}

function growing(attempt: number): number {
  return Math.min(LONGEST_PAUSE, 1000 * 2 ** attempt);
}

/**
 * Milliseconds for which a limit holds.
 * @param wait as GitHub says; its clock may be behind ours, so that it names a time that has passed
 * @param before how many limits this request has met
 */
function limitOf(wait: number | null, attempt: number, before: number): number {
  return wait === null ? UNNAMED_LIMIT * 2 ** before : Math.max(wait, growing(attempt));
}

function read<T>(errand: Errand, shape: z.ZodType<T>, answer: unknown): T {
  const found = shape.safeParse(answer);
  if (found.success) return found.data;
  throw new Failure('github-error', `Cannot ${errand.doing}: GitHub answered in a form that is not known here.`, {
    remedy: 'Check that GITHUB_API_URL is the address of a GitHub API; if it is, open an issue with the log.',
    details: found.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.')}: ${issue.message}`),
  });
}
