import { createGitHub } from '../../src/adapters/github/github.ts';
import { asFailure, type Failure } from '../../src/core/failure.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { GitHub, MergedPullRequest } from '../../src/ports/github.ts';
import { PASSWORD, TOKEN } from './confidential.ts';
import { type FakeGitHub, startFakeGitHub } from './fake-github.ts';

/** A fake GitHub, the action's own client for it, and how long the client paused. */
export interface Client extends AsyncDisposable {
  readonly fake: FakeGitHub;
  readonly github: GitHub;
  readonly pauses: readonly number[];
  /** What it said while it waited. */
  readonly told: readonly string[];
}

/** @param login whose token it is; the workflow's own when left out */
export async function startClient(login = 'github-actions[bot]'): Promise<Client> {
  const fake = await startFakeGitHub({ login });
  const pauses: number[] = [];
  const told: string[] = [];
  const waiting = (text: string): void => void told.push(text);
  const options = { token: TOKEN, repository: fake.repository, apiUrl: fake.url };
  const github = createGitHub({ ...options, redact, clock: hurriedClock(pauses), waiting });
  return { fake, github, pauses, told, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
}

function redact(text: string): string {
  return text.replaceAll(PASSWORD, '***');
}

/** Time that passes at once when somebody sleeps. */
function hurriedClock(pauses: number[]): Clock {
  let now = Date.parse('2026-01-02T03:04:05Z');
  return {
    now: () => now,
    async sleep(milliseconds, { signal }) {
      signal.throwIfAborted();
      pauses.push(milliseconds);
      now += milliseconds;
    },
  };
}

/** The Failure with which something ends. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const outcome = await work.then(
    (value) => ({ value }),
    (thrown: unknown) => ({ thrown }),
  );
  if ('thrown' in outcome) return asFailure(outcome.thrown);
  throw new Error(`Expected a failure, got ${JSON.stringify(outcome.value)}.`);
}

/** The pull requests that brought these commits to main, all of them. */
export async function shownPlans(
  github: GitHub,
  commits: readonly string[],
  marker: string,
): Promise<readonly MergedPullRequest[]> {
  const options = { signal: new AbortController().signal, patient: true };
  const found: MergedPullRequest[] = [];
  for await (const one of github.mergedPullRequests(commits, 'main', marker, options)) found.push(one);
  return found;
}
