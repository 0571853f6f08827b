import type { Capabilities } from './capabilities.ts';
import type { ServerInfo } from './info.ts';
import type { LibraryFact } from './libraries.ts';
import type { NodeView } from './nodes.ts';

/** What came of asking one pod's server about itself. */
export type NodeReport = NodeAnswer | NodeSilence | NotClustered;

export interface NodeAnswer {
  readonly kind: 'answered';
  readonly pod: string;
  readonly view: NodeView;
  readonly info: ServerInfo;
  /** `cluster_state:ok` in its CLUSTER INFO. */
  readonly stateOk: boolean;
  /** The configured `save` points, empty for none; null where the server would not tell. */
  readonly savePoints: string | null;
  /** `min-replicas-to-write`; left out: the server would not tell. */
  readonly minReplicas?: number;
  /** `stop-writes-on-bgsave-error`; left out: the server would not tell. */
  readonly stopsWhenSaveFails?: boolean;
  /** Left out: the server would not tell. */
  readonly capabilities?: Capabilities;
  /** Function libraries; left out where there are none, or it would not tell. */
  readonly functions?: readonly LibraryFact[];
  /** The IP on its own line is not its pod's, and it is configured to announce that; left out where not, or where it would not tell. */
  readonly announcesIp?: true;
  /** A replica without a link that has no password for its primary, and seems to need one; left out where not, or where it would not tell. */
  readonly hasNoLogin?: true;
}

export interface NodeSilence {
  readonly kind: 'silent';
  readonly pod: string;
  /** What was tried and what was seen, as a sentence. */
  readonly seen: string;
  /** Why, as far as it is known. */
  readonly because: 'unreachable' | 'auth' | 'permission' | 'loading';
}

export interface NotClustered {
  readonly kind: 'not-clustered';
  readonly pod: string;
}
