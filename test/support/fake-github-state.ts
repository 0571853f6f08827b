export interface FakeComment {
  readonly id: number;
  /** Of the pull request or issue. */
  readonly on: number;
  readonly author: string;
  body: string;
  /** Who edited it last; null when nobody did. */
  editor: string | null;
}

export interface FakeIssue {
  readonly number: number;
  readonly author: string;
  readonly labels: string[];
  title: string;
  body: string;
  state: 'open' | 'closed';
  /** Why it is closed, or opened again. */
  reason: string | null;
}

export interface FakePull {
  readonly number: number;
  /** The branch it goes to. */
  readonly base: string;
  readonly merged: boolean;
  /** Commits for which GitHub lists this pull request. */
  readonly commits: readonly string[];
  /** How often it is not listed yet: GitHub learns where a commit came from apart from the merge. */
  unknownFor?: number;
}

/** A file that a pull request changes. */
export interface FakeChange {
  readonly filename: string;
  readonly status: 'added' | 'removed' | 'modified' | 'renamed';
  readonly previous_filename?: string;
}

/** As `permissions:` of a workflow's job has it. */
export type Permissions = Readonly<Record<string, 'read' | 'write'>>;

export interface FakeState {
  /** What the token may do; null: everything. */
  permissions: Permissions | null;
  /** The login behind the token; ends in `[bot]` for an app's. */
  readonly login: string;
  /** `owner/name` */
  readonly repository: string;
  readonly comments: FakeComment[];
  readonly issues: FakeIssue[];
  readonly labels: Set<string>;
  readonly pulls: FakePull[];
  /** Of pull requests, by their numbers. */
  readonly changedFiles: Map<number, readonly FakeChange[]>;
  /** The newest commits of pull requests, by their numbers; 40 times `a` where none is told. */
  readonly heads: Map<number, string>;
  readonly protectedBranches: Set<string>;
  /** Keys are `ref:path`. */
  readonly files: Map<string, string>;
  /** The next id or number. */
  next: number;
}
