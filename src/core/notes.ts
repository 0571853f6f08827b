import { type Cluster, type Member, ownAllSlots, type Workload } from './cluster.ts';
import type { Finding, FindingCode } from './findings.ts';
import { mayHoldSlots } from './kept-volumes.ts';
import { leaveReplicas } from './replicas-owner.ts';
import { listed } from './wording.ts';

type Seen = Pick<Cluster, 'workload' | 'pods' | 'volumes' | 'members'>;

/** What stands in nobody's way and should be known. */
export function notes(cluster: Seen): readonly Finding[] {
  const { workload, members } = cluster;
  return [
    ...severalVersions(members),
    ...evicting(members),
    ...volatile(members),
    ...ownedElsewhere(workload),
    ...fewPrimaries(members),
    ...primariesWithoutSlots(members),
    ...leftOverVolumes(cluster),
  ];
}

function note(code: FindingCode, text: string, remedy: string, pods: readonly string[]): Finding {
  return { code, weight: 'note', text, remedy, pods };
}

function namesOf(members: readonly Member[]): readonly string[] {
  return members.map((member) => member.pod);
}

function severalVersions(members: readonly Member[]): readonly Finding[] {
  const versions = Map.groupBy(members, ({ facts }) => `${facts.software} ${facts.version}`);
  if (versions.size < 2) return [];
  const text = Array.from(versions, ([version, those]) => `${version} on ${listed(namesOf(those))}`).join('; ');
  return [
    note(
      'versions-differ',
      `Servers of several versions: ${text}.`,
      'Finish the update of the image.',
      namesOf(members),
    ),
  ];
}

/** Without a limit of memory nothing is ever dropped, whatever the policy. */
function evicting(members: readonly Member[]): readonly Finding[] {
  const those = members.filter(({ facts }) => facts.evictionPolicy !== 'noeviction' && facts.maxMemory > 0);
  if (those.length === 0) return [];
  const policies = [...new Set(those.map(({ facts }) => facts.evictionPolicy))].join(', ');
  const text = `${listed(namesOf(those))} may drop keys when memory is full (\`maxmemory-policy ${policies}\`).`;
  return [note('evicting-policy', text, 'Set `noeviction` where keys must not vanish.', namesOf(those))];
}

function volatile(members: readonly Member[]): readonly Finding[] {
  const those = members.filter(({ facts }) => facts.persistent === false);
  if (those.length === 0) return [];
  const verbs = those.length === 1 ? 'neither appends to a file nor saves' : 'neither append to a file nor save';
  const text = `${listed(namesOf(those))} ${verbs} snapshots: a restart of a whole shard loses its keys.`;
  return [note('no-persistence', text, 'Set `appendonly yes` where keys must survive.', namesOf(those))];
}

function ownedElsewhere(workload: Workload | null): readonly Finding[] {
  if (workload === null || workload.owners.length === 0) return [];
  const text = `${workload.name} is also managed by ${listed(workload.owners)}, which may set the number of pods back.`;
  const remedy = workload.owners.map((owner) => leaveReplicas(owner, workload.name)).join(' ');
  return [note('replicas-owned-elsewhere', text, remedy, [])];
}

/** Only where every slot is owned by a pod that answers: else some primary is merely out of sight. */
function fewPrimaries(members: readonly Member[]): readonly Finding[] {
  const owners = members.filter((member) => member.slots.length > 0);
  if (owners.length > 2 || !ownAllSlots(members)) return [];
  const who = owners.length === 1 ? 'One primary owns slots' : 'Two primaries own slots';
  const text = `${who}: with fewer than three no failover happens by itself.`;
  return [note('few-primaries', text, 'Declare at least three shards where failover matters.', namesOf(owners))];
}

/** Only where every slot is owned: a cluster that is being made has such. */
function primariesWithoutSlots(members: readonly Member[]): readonly Finding[] {
  const idle = namesOf(members.filter(({ joined, role, slots }) => joined && role === 'primary' && slots.length === 0));
  if (idle.length === 0 || !ownAllSlots(members)) return [];
  const text = `${listed(idle)} ${idle.length === 1 ? 'is a primary that owns' : 'are primaries that own'} no slots.`;
  return [note('primary-without-slots', text, 'Run plan: it says what becomes of it.', idle)];
}

function leftOverVolumes(cluster: Seen): readonly Finding[] {
  const { workload, pods, volumes } = cluster;
  const last = workload === null ? -1 : workload.firstOrdinal + workload.replicas - 1;
  const living = new Set(pods.map((pod) => pod.ordinal));
  const left = volumes
    .filter(({ ordinal, deleting, goesWithPod }) => ordinal > last && !living.has(ordinal) && !deleting && !goesWithPod)
    .map((volume) => volume.claim);
  if (left.length === 0) return [];
  const text = `${listed(left)} ${left.length === 1 ? 'is kept of a pod that is' : 'are kept of pods that are'} gone.`;
  const remedy = mayHoldSlots(cluster)
    ? 'Keep what may hold the keys of slots that no pod owns now.'
    : 'Delete what is not needed, or declare `volumes: {onScaleDown: delete}`.';
  return [note('volume-left-over', text, remedy, [])];
}
