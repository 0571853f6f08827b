import type { GitHub, PostedComment } from '../src/ports/github.ts';

/** The head of the pull request. */
export const COMMIT = '1f'.repeat(20);

/** As much of GitHub as one pull request on this machine needs: it is merged as soon as it is looked for. */
export class PaperGitHub implements GitHub {
  readonly #comments: PostedComment[] = [];

  get comments(): readonly PostedComment[] {
    return this.#comments;
  }

  async findComment(pullRequest: number, marker: string): Promise<PostedComment | null> {
    return this.#comments.find((one) => one.pullRequest === pullRequest && one.body.startsWith(marker)) ?? null;
  }

  async ownComments(pullRequest: number, mark: string): Promise<readonly PostedComment[]> {
    return this.#comments.filter((one) => one.pullRequest === pullRequest && one.body.startsWith(mark));
  }

  async putComment(pullRequest: number, marker: string, body: string): Promise<PostedComment> {
    const found = await this.findComment(pullRequest, marker);
    const id = found?.id ?? this.#comments.length + 1;
    const comment = { id, url: `comment ${id} of pull request ${pullRequest}`, body, pullRequest };
    this.#comments.splice(id - 1, 1, comment);
    return comment;
  }

  async *mergedPullRequests(_commits: readonly string[], _branch: string, marker: string) {
    for (const comment of this.#comments.filter(({ body }) => body.startsWith(marker))) {
      yield { number: comment.pullRequest, comments: [{ kind: 'own', comment }] } as const;
    }
  }

  async pullRequestNow() {
    return { isOpen: true, head: COMMIT };
  }

  async isProtected() {
    return true;
  }

  async leftFiles() {
    return [];
  }

  async readFile(): Promise<string | null> {
    return null;
  }

  async keepIssue(): Promise<string | null> {
    return null;
  }
}
