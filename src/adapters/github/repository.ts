import { Failure } from '../../core/failure.ts';
import type { PostedComment } from '../../ports/github.ts';
import { ownLogin } from './identity.ts';
import { outgoing } from './outgoing.ts';
import type { Requests, Visit } from './requests.ts';

/** One repository, as somebody: what all that is asked of GitHub has in common. */
export class Repository {
  readonly requests: Requests;
  readonly name: { readonly owner: string; readonly repo: string };
  /** The comments that were written last, by pull request and marker. */
  readonly written = new Map<string, PostedComment>();
  readonly #redact: (text: string) => string;
  #login: string | null = null;

  /** @param repository `owner/name` */
  constructor(requests: Requests, repository: string, redact: (text: string) => string) {
    const [owner, repo, ...more] = repository.split('/');
    if (!owner || !repo || more.length > 0) {
      throw new Failure('invalid-input', `The repository is "${repository}", which is not of the form owner/name.`, {
        remedy: 'Set GITHUB_REPOSITORY to owner/name; on GitHub it is always set.',
      });
    }
    this.requests = requests;
    this.name = { owner, repo };
    this.#redact = redact;
  }

  /** The login of the action's own identity; asked once. */
  async login(visit: Visit): Promise<string> {
    this.#login ??= await ownLogin(this.requests, visit);
    return this.#login;
  }

  /** A body as it may leave. Throws `internal-error` when it is longer than GitHub takes. */
  outgoing(text: string): string {
    return outgoing(text, this.#redact);
  }
}
