import type { ManifestSet } from '../core/cluster.ts';
import type { Occasion, Request } from '../core/request.ts';
import type { Topology } from '../core/topology.ts';
import type { Clock } from '../ports/clock.ts';
import type { GitHub } from '../ports/github.ts';
import type { Kubernetes } from '../ports/kubernetes.ts';
import type { Redis } from '../ports/redis.ts';
import type { Runner } from '../ports/runner.ts';

/** What every command has at hand. */
export interface Desk {
  readonly request: Request;
  readonly occasion: Occasion;
  readonly runner: Runner;
  /** Null: no token, or not on GitHub. */
  readonly github: GitHub | null;
  readonly clock: Clock;
  /** Random: no other process has it, be it of the same run. Whoever holds a lock is known by it. */
  readonly lockToken: string;
  /** Aborted when the run is to stop at its next safe point. */
  readonly stop: AbortSignal;
  /** Opens the way to one cluster. */
  readonly reach: (topology: Topology) => Promise<Reach>;
  readonly files: TopologyFiles;
}

/** Topology files, here and in the repository. */
export interface TopologyFiles {
  /** What a commit or branch has in place of a topology file. Throws Failure `github-error`. */
  readonly declaredAt: (file: string, ref: string) => Promise<DeclaredAt>;
  /** Whether the input `topology` names a file, were it there. */
  readonly isTopology: (file: string) => boolean;
  /** What the workspace calls a file of the repository that the input `topology` names, were it there; null where it names none. */
  readonly topologyOf: (path: string) => string | null;
  /** The line of a file on which one of its uppermost keys stands, from 1; 1 where it does not stand there. */
  readonly lineOf: (file: string, key: string) => number;
}

/** What a commit or branch of this repository has in place of a topology file of the workspace. */
export type DeclaredAt =
  | { readonly kind: 'topology'; readonly topology: Topology }
  | { readonly kind: 'none' }
  | { readonly kind: 'mistakes' }
  /** The file lies in the checkout of another repository. */
  | { readonly kind: 'other-repository' };

/** For whoever asks no more than what it says: null where there is none, or one with mistakes. Throws Failure `github-error`. */
export async function topologyAt({ declaredAt }: TopologyFiles, file: string, ref: string): Promise<Topology | null> {
  const declared = await declaredAt(file, ref);
  return declared.kind === 'topology' ? declared.topology : null;
}

/** The way to one cluster, closed by its user. */
export interface Reach extends AsyncDisposable {
  readonly kubernetes: Kubernetes;
  readonly redis: Redis;
  readonly manifests: ManifestSet | null;
}
