import type { Cluster, Stranger } from './cluster.ts';
import type { Finding } from './findings.ts';
import { isGhost, mayHoldSlots, mayReturn, type WayBack, wayBack } from './kept-volumes.ts';
import { isEmpty } from './slots.ts';
import { listed, slotsInWords } from './wording.ts';

type Seen = Pick<Cluster, 'workload' | 'pods' | 'volumes' | 'members' | 'strangers'>;

/** Nodes that no pod is. A ghost (what a reset leaves behind) owns nothing and harms nobody; others may hold data. */
export function strangerFindings(seen: Seen): readonly Finding[] {
  return seen.strangers.map((stranger) => {
    const { id, address, role, slots, failed, knownBy, followers } = stranger;
    const owns = isEmpty(slots) ? '' : `, owns ${slotsInWords(slots)}`;
    const followed = followers.length === 0 ? '' : `, replicated by ${listed(followers)}`;
    const what = `${role}${owns}${followed}${failed ? ', failed' : ''}`;
    const ghost =
      stranger.ghostOf === undefined ? '' : ` At this address ${stranger.ghostOf} answers now under another id.`;
    const way = mayReturn(stranger, seen) ? wayBack(seen) : null;
    const kept = way === null ? '' : ` It may be missing: ${way.claims}.`;
    return {
      code: 'unknown-node',
      weight: isGhost(stranger) ? 'differs' : 'blocks',
      text: `${listed(knownBy)} ${knownBy.length === 1 ? 'knows' : 'know'} a node ${id.slice(0, 8)} at ${address} (${what}) that is no pod of the StatefulSet.${ghost}${kept}`,
      remedy: remedyFor(stranger, seen, way),
      pods: stranger.ghostOf === undefined ? knownBy : [stranger.ghostOf],
      about: id,
    };
  });
}

/** Whether it is gone, and nobody who is there needs it. */
export function isForgettable({ failed, followers }: Stranger): boolean {
  return failed && followers.length === 0;
}

/** What a reset leaves behind: it owns nothing, and nobody can find it any more. */
export function isNowhere({ nowhere, slots }: Stranger): boolean {
  return nowhere === true && isEmpty(slots);
}

function remedyFor(stranger: Stranger, seen: Seen, way: WayBack | null): string {
  if (isNowhere(stranger)) {
    return 'It has no address any more and owns nothing, as after a reset: `allow: forget-unknown-nodes` lets the others forget it.';
  }
  const elsewhere =
    'move its slots away, reset it (CLUSTER RESET HARD) and let the others forget it; or name the StatefulSet that it belongs to.';
  const orAlive = stranger.reached === true ? ` Where it is alive elsewhere: ${elsewhere}` : '';
  if (way !== null && mayHoldSlots(seen) && stranger.followers.length === 0) {
    return `${way.back}: it comes back with its volume. ${way.away}; then run again.${orAlive}`;
  }
  const back = way === null ? 'Bring it back' : `${way.back}, which brings it back`;
  if (isForgettable(stranger)) {
    return `${back} if it holds data; else \`allow: forget-unknown-nodes\` lets the others forget it.`;
  }
  if (stranger.failed) {
    return `${back}, or wait until a replica of it has taken over, then run again. While most primaries are gone none does by itself: \`CLUSTER FAILOVER TAKEOVER\` on it does, at the price of the writes that it has not received.`;
  }
  if (stranger.reached === true && way === null) return `It is alive: ${elsewhere}`;
  const silent = stranger.reached === true ? '' : 'Nobody reaches it. ';
  return `${silent}${back}, or wait until the others hold it for failed (\`cluster-node-timeout\`), then run again.${orAlive}`;
}
