import { getOctokit } from '@actions/github';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Errand, failureOf, type Trouble, troubleOf } from './errors.ts';

export type Octokit = ReturnType<typeof getOctokit>;

/** One call of a port's method: all its requests share one deadline. */
export interface Visit {
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch; nothing is tried again that would come after it. */
  readonly deadline: number;
}

/** Sends one request. `attempt` counts from 0, so that what creates can look first whether it already has. */
export type Send<T> = (octokit: Octokit, request: { signal: AbortSignal }, attempt: number) => Promise<T>;

/** As many as GitHub gives at once. */
export const PER_PAGE = 100;

const PATIENCE = 60_000;
const ONE_REQUEST = 20_000;
const LONGEST_PAUSE = 16_000;

const LINKED = z.object({ headers: z.object({ link: z.string().optional() }), data: z.unknown() });

/** Requests to one GitHub, tried again while that can help. */
export class Requests {
  readonly #octokit: Octokit;
  readonly #where: string;
  readonly #clock: Clock;

  constructor(token: string, apiUrl: string, clock: Clock) {
    this.#octokit = getOctokit(token, { baseUrl: apiUrl });
    this.#where = URL.parse(apiUrl)?.host ?? 'the given address';
    this.#clock = clock;
  }

  begin(signal: AbortSignal): Visit {
    return { signal, deadline: this.#clock.now() + PATIENCE };
  }

  /** Lets GitHub come to know what it does not know yet. */
  pause(milliseconds: number, visit: Visit): Promise<void> {
    return this.#clock.sleep(milliseconds, visit);
  }

  /**
   * Rate limits, server errors and lost connections are tried again until the visit's deadline.
   * Throws Failure `github-error`, or the signal's reason.
   */
  async send<T>(visit: Visit, errand: Errand, shape: z.ZodType<T>, send: Send<unknown>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      visit.signal.throwIfAborted();
      try {
        const signal = AbortSignal.any([visit.signal, AbortSignal.timeout(ONE_REQUEST)]);
        return read(errand, shape, await send(this.#octokit, { signal }, attempt));
      } catch (thrown) {
        visit.signal.throwIfAborted();
        const trouble = troubleOf(thrown, this.#clock.now());
        if (trouble === null) throw thrown;
        const pause = pauseBefore(trouble, attempt);
        if (pause === null || this.#clock.now() + pause > visit.deadline) {
          throw failureOf(errand, trouble, this.#where, thrown);
        }
        await this.#clock.sleep(pause, { signal: visit.signal });
      }
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
export function hasNext(link: string | undefined): boolean {
  return /\brel="next"/.test(link ?? '');
}

function pauseBefore(trouble: Trouble, attempt: number): number | null {
  const growing = Math.min(LONGEST_PAUSE, 1000 * 2 ** attempt);
  switch (trouble.kind) {
    case 'refused':
      return null;
    case 'limited':
      return trouble.wait === null ? growing : Math.max(trouble.wait, 1000);
    case 'down':
      return growing;
  }
}

function read<T>(errand: Errand, shape: z.ZodType<T>, answer: unknown): T {
  const found = shape.safeParse(answer);
  if (found.success) return found.data;
  throw new Failure('github-error', `Cannot ${errand.doing}: GitHub answered in a form that is not known here.`, {
    remedy: 'Check that GITHUB_API_URL is the address of a GitHub API; if it is, open an issue with the log.',
    details: found.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.')}: ${issue.message}`),
  });
}
