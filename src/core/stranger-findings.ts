import type { Stranger } from './cluster.ts';
import type { Finding } from './findings.ts';
import { isEmpty } from './slots.ts';
import { listed, slotsInWords } from './wording.ts';

/** Nodes that no pod is. A ghost (what a reset leaves behind) owns nothing and harms nobody; others may hold data. */
export function strangerFindings(strangers: readonly Stranger[]): readonly Finding[] {
  return strangers.map((stranger) => {
    const { id, address, role, slots, failed, knownBy, followers } = stranger;
    const owns = isEmpty(slots) ? '' : `, owns ${slotsInWords(slots)}`;
    const followed = followers.length === 0 ? '' : `, replicated by ${listed(followers)}`;
    const what = `${role}${owns}${followed}${failed ? ', failed' : ''}`;
    const isGhost = (stranger.ghostOf !== undefined && isEmpty(slots)) || isNowhere(stranger);
    const ghost =
      stranger.ghostOf === undefined ? '' : ` At this address ${stranger.ghostOf} answers now under another id.`;
    return {
      code: 'unknown-node',
      weight: isGhost ? 'differs' : 'blocks',
      text: `${listed(knownBy)} ${knownBy.length === 1 ? 'knows' : 'know'} a node ${id.slice(0, 8)} at ${address} (${what}) that is no pod of the StatefulSet.${ghost}`,
      remedy: remedyFor(stranger),
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

function remedyFor(stranger: Stranger): string {
  if (isNowhere(stranger)) {
    return 'It has no address any more and owns nothing, as after a reset: `allow: forget-unknown-nodes` lets the others forget it.';
  }
  if (isForgettable(stranger)) {
    return 'Bring it back if it holds data; else `allow: forget-unknown-nodes` lets the others forget it.';
  }
  return stranger.failed
    ? 'Bring it back, or wait until a replica of it has taken over, then run again. While most primaries are gone none does by itself: `CLUSTER FAILOVER TAKEOVER` on it does, at the price of the writes that it has not received.'
    : 'It is alive: move its slots away, reset it (CLUSTER RESET HARD) and let the others forget it; or name the StatefulSet that it belongs to.';
}
