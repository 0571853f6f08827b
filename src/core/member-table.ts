import { byOrdinal, type Member, type Pod, type ServerFacts, type Stranger } from './cluster.ts';
import type { NodeAnswer } from './node-report.ts';
import { addressOf, isReached, type NodeLine } from './nodes.ts';
import { hasOutdatedLink } from './outdated-link.ts';
import { neededReplicas } from './refused-writes.ts';
import { staleClaims, withoutPast } from './stale-nodes.ts';

/** Bytes that a replica may be behind and still count as caught up: the two offsets are not read at the same moment. */
export const SMALL_LAG = 1024 * 1024;

/** Who is who: the answers of all nodes with their ids resolved to pods. */
export interface MemberTable {
  readonly members: readonly Member[];
  readonly strangers: readonly Stranger[];
  /** Nodes that are members in the eyes of others and whose pods do not answer, as far as that can be told. */
  readonly missing: readonly Missing[];
  /** By pod, by ordinal. */
  readonly answers: ReadonlyMap<string, NodeAnswer>;
  /** By node id: what the others say of it, handshakes left out. */
  readonly sightings: ReadonlyMap<string, readonly Sighting[]>;
}

export interface Missing {
  /** Null: one of several silent pods, nobody knows which. */
  readonly pod: string | null;
  readonly seen: readonly Sighting[];
}

/** What one pod's node says of another. */
export interface Sighting {
  readonly by: string;
  readonly line: NodeLine;
}

/**
 * @param answers of the pods whose servers run in cluster mode
 * @param absent pods whose servers gave no answer
 */
export function tabulate(pods: readonly Pod[], answers: readonly NodeAnswer[], absent: readonly Pod[]): MemberTable {
  const stale = staleClaims(answers);
  const sorted = answers
    .map((answer) => (stale.has(answer.pod) ? withoutPast(answer) : answer))
    .toSorted((a, b) => byOrdinal(a.pod, b.pod));
  const podById = new Map(sorted.map((answer) => [answer.view.me.id, answer.pod]));
  const sightings = sightingsOf(sorted);
  const ipOf = new Map(pods.map((pod) => [pod.name, pod.ip]));
  const byPod = new Map(sorted.map((answer) => [answer.pod, answer]));
  const resolve = (id: string | null): string | null => podById.get(id ?? '') ?? null;
  const members = sorted.map((answer) => {
    const primary = byPod.get(resolve(answer.view.me.primary) ?? '') ?? null;
    const seen = sightings.get(answer.view.me.id) ?? [];
    const claims = stale.get(answer.pod);
    const member = memberOf(answer, { primary, seen, ip: ipOf.get(answer.pod) ?? null, resolve });
    return claims === undefined ? member : { ...member, stale: claims };
  });
  const unknown = [...sightings].flatMap(([id, seen]) => (podById.has(id) ? [] : [seen]));
  const isGhost = (seen: readonly Sighting[]): boolean => strangerOf(seen, members, sorted).ghostOf !== undefined;
  const { missing, foreign } = attribute(
    unknown.filter((seen) => !isGhost(seen)),
    absent,
  );
  const strangers = [...unknown.filter(isGhost), ...foreign]
    .map((seen) => strangerOf(seen, members, sorted))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return { members, strangers, missing, answers: byPod, sightings };
}

/** Id → what others than itself say of it. Handshakes are left out: their ids are made up and vanish by themselves. */
function sightingsOf(answers: readonly NodeAnswer[]): ReadonlyMap<string, readonly Sighting[]> {
  const byId = new Map<string, Sighting[]>();
  for (const answer of answers) {
    for (const line of answer.view.others) {
      if (line.handshake) continue;
      const known = byId.get(line.id);
      if (known === undefined) byId.set(line.id, [{ by: answer.pod, line }]);
      else known.push({ by: answer.pod, line });
    }
  }
  return byId;
}

interface Surroundings {
  /** The answer of the node that it replicates. */
  readonly primary: NodeAnswer | null;
  readonly seen: readonly Sighting[];
  /** The pod's. */
  readonly ip: string | null;
  readonly resolve: (id: string | null) => string | null;
}

function memberOf(answer: NodeAnswer, { primary, seen, ip, resolve }: Surroundings): Member {
  const { me, others, open } = answer.view;
  const joined = me.slots.length > 0 || me.primary !== null || others.some((line) => !line.handshake);
  const lag = primary === null ? 0 : Math.max(0, primary.info.offset - answer.info.offset);
  const { linkUp, copying } = answer.info;
  return {
    pod: answer.pod,
    id: me.id,
    joined,
    role: me.role,
    primary: primary?.pod ?? null,
    slots: me.slots,
    configEpoch: me.configEpoch,
    synced: me.role === 'primary' || (linkUp && !copying && lag <= SMALL_LAG),
    ...(me.role === 'replica' && linkUp && !copying && lag > SMALL_LAG ? { behind: true } : {}),
    ...(hasOutdatedLink(answer.info, answer.view) ? { outdatedLink: true } : {}),
    // Replicas of Valkey have the marks of their primary, too.
    open:
      me.role === 'replica'
        ? []
        : open.map((mark) => ({ slot: mark.slot, state: mark.state, peer: resolve(mark.peer) })),
    facts: factsOf(answer, lag, announcedAddress(me, seen, ip, joined)),
    ...(answer.capabilities === undefined ? {} : { capabilities: answer.capabilities }),
  };
}

function factsOf(answer: NodeAnswer, lag: number, address: string): ServerFacts {
  const { info, savePoints, functions } = answer;
  const minReplicas = neededReplicas(answer);
  const saves = savePoints === null ? null : savePoints !== '';
  return {
    address,
    software: info.software,
    version: info.version,
    keys: info.keys,
    memory: info.memory,
    dataset: info.dataset,
    maxMemory: info.maxMemory,
    evictionPolicy: info.evictionPolicy,
    persistent: info.appendOnly || saves,
    lag: info.role === 'primary' ? 0 : lag,
    ...(minReplicas === 0 ? {} : { minReplicas }),
    ...(info.modules.length === 0 ? {} : { modules: info.modules }),
    ...(info.libraries === 0 ? {} : { libraries: info.libraries }),
    ...(functions === undefined ? {} : { functions }),
  };
}

/**
 * Where others reach it. A node that came back with a new IP still shows its old one on its own line, while those that
 * it has pinged know the new one: so the word of a node with a link counts, and without any the pod's IP.
 */
function announcedAddress(me: NodeLine, seen: readonly Sighting[], ip: string | null, joined: boolean): string {
  const linked = seen.filter(({ line }) => line.connected && line.addressKnown && line.ip !== '');
  const counts = new Map<string, number>();
  // Most of them are one and the same line.
  for (const [line, same] of Map.groupBy(linked, (sighting) => sighting.line))
    counts.set(addressOf(line), (counts.get(addressOf(line)) ?? 0) + same.length);
  const [most] = [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  if (most !== undefined) return most[0];
  const own = me.ip === '' ? null : me.ip;
  return addressOf({ ...me, ip: (joined ? (ip ?? own) : (own ?? ip)) ?? '' });
}

/**
 * Nodes that no answering pod is: those of silent pods, told by the pod's IP or host name, or by there being no more of
 * them than silent pods; the rest are foreign.
 */
function attribute(
  unknown: readonly (readonly Sighting[])[],
  absent: readonly Pod[],
): { missing: readonly Missing[]; foreign: readonly (readonly Sighting[])[] } {
  const missing: Missing[] = [];
  const unmatched: (readonly Sighting[])[] = [];
  const left = new Set(absent);
  for (const seen of unknown) {
    const candidates = [...left].filter((pod) => seen.some(({ line }) => isAt(line, pod)));
    const [pod] = candidates;
    if (pod === undefined || candidates.length > 1) {
      unmatched.push(seen);
    } else {
      missing.push({ pod: pod.name, seen });
      left.delete(pod);
    }
  }
  if (unmatched.length > left.size) return { missing, foreign: unmatched };
  const only = left.size === 1 ? ([...left][0]?.name ?? null) : null;
  return { missing: [...missing, ...unmatched.map((seen) => ({ pod: only, seen }))], foreign: [] };
}

function isAt(line: NodeLine, pod: Pod): boolean {
  return (pod.ip !== null && line.ip === pod.ip) || line.hostname?.split('.')[0] === pod.name;
}

function strangerOf(seen: readonly Sighting[], members: readonly Member[], answers: readonly NodeAnswer[]): Stranger {
  const lines = seen.map((sighting) => sighting.line);
  // Whoever noticed that another node answers there has dropped the address; the others still have it.
  const located = lines.filter((line) => line.addressKnown && line.ip !== '');
  const newest = (located.length > 0 ? located : lines).reduce((best, line) =>
    line.configEpoch > best.configEpoch ? line : best,
  );
  const address = addressOf(newest);
  // A node that was reset keeps its address and gets a new id: the old one is a ghost.
  const successor = members.find((member) => member.facts.address === address);
  return {
    id: newest.id,
    address,
    role: newest.role,
    slots: newest.slots,
    failed: isGivenUp(lines),
    ...(lines.some(isReached) ? { reached: true } : {}),
    knownBy: seen.map((sighting) => sighting.by),
    followers: answers.filter(({ view }) => view.me.primary === newest.id).map(({ pod }) => pod),
    ...(successor === undefined ? {} : { ghostOf: successor.pod }),
    ...(located.length === 0 ? { nowhere: true } : {}),
  };
}

/**
 * A majority of those who know it hold it for failed; or each of them finds it silent. For `fail` it takes a majority of the
 * primaries: where these are gone the ones that are left never come to more than `fail?`.
 */
function isGivenUp(lines: readonly NodeLine[]): boolean {
  const failed = lines.filter((line) => line.health === 'failed').length;
  return failed * 2 > lines.length || lines.every((line) => line.health !== 'ok');
}
