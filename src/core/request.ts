import type { Secret } from './secret.ts';

/** What the user asked for: the action's inputs, checked, with every default filled in. */
export interface Request {
  readonly command: Command;
  /** Paths and globs. */
  readonly topology: readonly string[];
  /** Content or path; null: the usual places. */
  readonly kubeconfig: Secret | null;
  readonly context: string | null;
  readonly connect: 'auto' | 'direct' | 'port-forward';
  readonly redis: RedisAccess;
  /** What the run may do beyond the safe. */
  readonly allow: readonly AllowWord[];
  readonly requireApprovedPlan: boolean;
  /** A plan hash that counts as approved. */
  readonly approvedPlan: string | null;
  readonly comment: boolean;
  readonly driftIssue: boolean;
  readonly failOnDrift: boolean;
  /** Milliseconds. */
  readonly lockTimeout: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly token: Secret | null;
}

export const COMMANDS = ['plan', 'apply', 'drift', 'status'] as const;

export type Command = (typeof COMMANDS)[number];

export const ALLOW_WORDS = ['destroy', 'delete-volumes', 'forget-unknown-nodes', 'assign-lost-slots'] as const;

export type AllowWord = (typeof ALLOW_WORDS)[number];

export interface RedisAccess {
  readonly username: string | null;
  readonly password: Secret | null;
  /** Null: no TLS. */
  readonly tls: TlsAccess | null;
}

export interface TlsAccess {
  /** PEM; null: the system's authorities. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: Secret | null;
  readonly serverName: string | null;
}

/** What made the run happen, as far as commands need it. */
export interface Occasion {
  /** GitHub's name of the event; empty outside of GitHub. */
  readonly event: string;
  /** The event that somebody caused: of a run that follows another one (`workflow_run`), that of the other. */
  readonly trigger: string;
  readonly commit: string;
  /** All that a push brought, the newest first; the one commit for other events. */
  readonly commits: readonly string[];
  /** The branch that was pushed; null for other events, and for the branches on which a merge queue tries what it merges. */
  readonly branch: string | null;
  /**
   * The branch that `commits` are on for good: that of a push, of a run by hand or on a schedule, or the one that a pull request
   * was merged to. Pull requests that were merged to it may have a comment to tell an apply in. Else null.
   */
  readonly mergedTo: string | null;
  /**
   * The commit or branch that this is to be merged into, for pull requests, merge queues and runs that follow one of another
   * branch: what the files of this run say is not agreed to yet. Null where it is.
   */
  readonly base: string | null;
  /**
   * Where `base` is on another branch than the default one: that branch, which anybody who may push can have made, and the
   * default branch. Else null.
   */
  readonly aside: { readonly branch: string; readonly defaultBranch: string } | null;
  /** 1, and one more each time that the run is started again. */
  readonly attempt: number;
  /** Names the run for people, in the lock and in comments. */
  readonly runUrl: string;
  readonly pullRequest: PullRequest | null;
}

export interface PullRequest {
  readonly number: number;
  /** Its head is in another repository, or it is Dependabot's: such a run has no secrets. */
  readonly foreign: boolean;
  readonly closed: boolean;
  /** Whether it was merged when it was closed. */
  readonly merged: boolean;
}
