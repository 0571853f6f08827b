import type { Cluster, Member } from '../core/cluster.ts';
import type { ShardTarget } from '../core/layout.ts';
import { remembered } from '../core/remembered.ts';
import { isEmpty } from '../core/slots.ts';

/** The members of a cluster, to be looked up many times. */
export class Present {
  static readonly #among = remembered((members: readonly Member[]) => new Present(members));

  readonly members: ReadonlyMap<string, Member>;
  readonly #followers: ReadonlyMap<string | null, readonly Member[]>;

  private constructor(members: readonly Member[]) {
    this.members = new Map(members.map((member) => [member.pod, member]));
    const replicas = members.filter((member) => member.joined && member.role === 'replica');
    this.#followers = Map.groupBy(replicas, (member) => member.primary);
  }

  static in(cluster: Cluster): Present {
    return Present.#among(cluster.members);
  }

  /** The joined replicas of a pod. */
  followers(pod: string): readonly Member[] {
    return this.#followers.get(pod) ?? [];
  }

  ownsSlots(pod: string): boolean {
    return !isEmpty(this.members.get(pod)?.slots ?? []);
  }

  /** Whether it can be replicated and get slots. */
  isPrimary(pod: string): boolean {
    const member = this.members.get(pod);
    return member?.joined === true && member.role === 'primary';
  }

  isBlank(pod: string): boolean {
    return this.members.get(pod)?.joined === false;
  }

  /** The pod that serves a shard now: its live primary until the target primary has taken over. */
  holder(shard: ShardTarget): string {
    if (shard.live === null || this.ownsSlots(shard.primary)) return shard.primary;
    return this.ownsSlots(shard.live) ? shard.live : shard.primary;
  }
}
