import { z } from 'zod';
import { refusedWith } from './errors.ts';
import type { Requests, Visit } from './requests.ts';

const WORKFLOW = 'github-actions[bot]';

const USER = z.object({ data: z.object({ login: z.string().min(1) }) });
const VIEWER = z.object({ viewer: z.object({ login: z.string().min(1) }) });

const ERRAND = { doing: 'learn whose token `github-token` is', permission: 'contents: read' } as const;

/**
 * The login behind the token, as REST writes it (`octocat`, `my-app[bot]`).
 * Tokens of apps, the workflow's own among them, get 403 from `GET /user`; GraphQL's `viewer` tells theirs. Where that
 * is refused too, it is the workflow's own.
 */
export async function ownLogin(requests: Requests, visit: Visit): Promise<string> {
  try {
    const user = await requests.send(visit, ERRAND, USER, (octokit, request) =>
      octokit.rest.users.getAuthenticated({ request }),
    );
    return user.data.login;
  } catch (thrown) {
    if (refusedWith(thrown) !== 403) throw thrown;
  }
  try {
    const { viewer } = await requests.send(visit, ERRAND, VIEWER, (octokit, request) =>
      octokit.graphql('query { viewer { login } }', { request }),
    );
    return viewer.login;
  } catch (thrown) {
    const status = refusedWith(thrown);
    if (status === 403 || status === 404) return WORKFLOW;
    throw thrown;
  }
}

/** Who did something, as GraphQL tells it: `kind: __typename login`. */
export const ACTOR = z.object({ kind: z.string(), login: z.string() });

/** GraphQL leaves the `[bot]` of an app's login out; REST has it. */
export function loginOf(actor: z.infer<typeof ACTOR>): string {
  return actor.kind === 'Bot' ? `${actor.login.replace(/\[bot\]$/, '')}[bot]` : actor.login;
}
