import type { Member } from './cluster.ts';
import type { Finding } from './findings.ts';
import type { MemberTable } from './member-table.ts';
import type { NodeLine } from './nodes.ts';
import { ALL_SLOTS, count, equals, intersect, isEmpty, minus, type SlotSet, slotsOfNumbers, union } from './slots.ts';
import { listed, slotsInWords } from './wording.ts';

const WAIT = 'Wait until the nodes agree, which takes seconds, then run again.';

/** In what the members contradict each other or themselves. Every one of these stands in the way of a safe plan. */
export function contradictions(table: MemberTable): readonly Finding[] {
  return [
    ...sameIds(table),
    ...separateClusters(table),
    ...slotsWithoutOwner(table),
    ...slotsWithTwoOwners(table),
    ...openSlots(table),
    ...differingViews(table),
    ...statesNotOk(table),
    ...collidingEpochs(table),
  ];
}

function blocks(code: Finding['code'], pods: readonly string[], text: string, remedy: string): Finding {
  return { code, weight: 'blocks', text, remedy, pods };
}

/** Two servers on copies of one volume. */
function sameIds({ members }: MemberTable): readonly Finding[] {
  return members.flatMap((member, i) => {
    const twins = members.slice(i + 1).filter((other) => other.id === member.id);
    if (twins.length === 0) return [];
    const pods = [member.pod, ...twins.map((twin) => twin.pod)];
    const text = `${listed(pods)} have the same node id, as servers do that run on copies of one volume.`;
    return [blocks('two-clusters', pods, text, 'Delete nodes.conf on all but the right one, then run again.')];
  });
}

/** Members fall into groups none of whose nodes knows one of another group. */
function separateClusters({ members, answers }: MemberTable): readonly Finding[] {
  const joined = members.filter((member) => member.joined);
  const groups = new Map(joined.map((member) => [member.id, member.id]));
  const rootOf = (id: string): string => {
    let root = id;
    for (let next = groups.get(root); next !== undefined && next !== root; next = groups.get(root)) root = next;
    return root;
  };
  for (const { view } of answers.values()) {
    for (const line of view.others) {
      if (groups.has(view.me.id) && groups.has(line.id) && !line.handshake)
        groups.set(rootOf(line.id), rootOf(view.me.id));
    }
  }
  const byRoot = Map.groupBy(joined, (member) => rootOf(member.id));
  if (byRoot.size < 2) return [];
  const names = Array.from(byRoot.values(), (group) => listed(group.map((member) => member.pod)));
  return [
    blocks(
      'two-clusters',
      joined.map((member) => member.pod),
      `The pods form ${byRoot.size} clusters that do not know each other: ${names.join('; ')}.`,
      'Decide which cluster holds the data; reset the nodes of the others (CLUSTER RESET HARD) once they hold nothing of worth, then run again.',
    ),
  ];
}

/** No finding while nothing was ever stored: a creation that was interrupted goes on by itself. */
function slotsWithoutOwner({ members, strangers, missing }: MemberTable): readonly Finding[] {
  const theirs = [
    ...missing.flatMap(({ seen }) => seen.map(({ line }) => line.slots)),
    ...strangers.map((s) => s.slots),
  ];
  const lost = minus(ALL_SLOTS, union(...members.map((member) => member.slots), ...theirs));
  const keys = members.reduce((sum, member) => sum + (member.joined ? member.facts.keys : 0), 0);
  const isYoung = keys === 0 && strangers.length === 0 && missing.length === 0;
  if (isEmpty(lost) || isYoung || !members.some((member) => member.joined)) return [];
  return [
    blocks(
      'slots-without-owner',
      [],
      `No primary owns ${slotsInWords(lost)}: keys in them can be neither read nor written.`,
      'Bring back the pod that owned them with its volume; where its data is lost, `allow: assign-lost-slots` gives the slots to a primary, empty.',
    ),
  ];
}

function slotsWithTwoOwners({ members }: MemberTable): readonly Finding[] {
  return members.flatMap((member, i) =>
    members.slice(i + 1).flatMap((other) => {
      const both = intersect(member.slots, other.slots);
      if (isEmpty(both) || other.id === member.id) return [];
      const higher = member.configEpoch > other.configEpoch ? member : other;
      return [
        blocks(
          'slots-with-two-owners',
          [member.pod, other.pod],
          `${member.pod} and ${other.pod} each say that they own ${slotsInWords(both)}; ${higher.pod} has the higher config epoch (${higher.configEpoch}).`,
          'Wait until the nodes agree, then run again; if they do not, see which of the two holds the keys.',
        ),
      ];
    }),
  );
}

function openSlots({ members }: MemberTable): readonly Finding[] {
  const open = members.flatMap((member) =>
    (['migrating', 'importing'] as const).flatMap((state) => marksOf(member, state)),
  );
  if (open.length === 0) return [];
  const pods = [...new Set(open.map((mark) => mark.pod))];
  return [
    blocks(
      'open-slots',
      pods,
      `A move of slots was interrupted: ${open.map((mark) => mark.text).join('; ')}.`,
      'Make sure that nothing else moves slots now, then run apply again.',
    ),
  ];
}

function marksOf(member: Member, state: 'migrating' | 'importing'): readonly { pod: string; text: string }[] {
  const marks = (member.open ?? []).filter((mark) => mark.state === state);
  if (marks.length === 0) return [];
  const peers = [...new Set(marks.map((mark) => mark.peer ?? 'an unknown node'))];
  const slots = slotsInWords(slotsOfNumbers(marks.map((mark) => mark.slot)));
  return [
    {
      pod: member.pod,
      text: `${member.pod} is ${state} ${slots} ${state === 'migrating' ? 'to' : 'from'} ${listed(peers)}`,
    },
  ];
}

/** One finding for all disagreements, named after the first few: while gossip spreads there are many at once. */
function differingViews({ members, answers }: MemberTable): readonly Finding[] {
  const joined = members.filter((member) => member.joined);
  const seen: { by: string; text: string }[] = [];
  for (const { pod } of joined) {
    const lines = new Map(answers.get(pod)?.view.others.map((line) => [line.id, line]));
    for (const member of joined) {
      const own = answers.get(member.pod)?.view.me;
      if (member.pod === pod || own === undefined) continue;
      const difference = differenceOf(member, own, lines.get(member.id));
      if (difference !== null) seen.push({ by: pod, text: `${pod} ${difference}` });
    }
  }
  if (seen.length === 0) return [];
  const examples = seen.slice(0, 3).map((one) => one.text);
  const more = seen.length > 3 ? `, and ${seen.length - 3} more such differences` : '';
  const pods = [...new Set(seen.map((one) => one.by))];
  return [blocks('views-differ', pods, `The members do not agree: ${examples.join('; ')}${more}.`, WAIT)];
}

function differenceOf(member: Member, own: NodeLine, line: NodeLine | undefined): string | null {
  if (line === undefined || line.handshake) return `does not know ${member.pod}`;
  if (!equals(line.slots, own.slots)) return slotDifference(member, line.slots);
  if (line.role !== own.role) return `takes ${member.pod} for a ${line.role}, which says that it is a ${own.role}`;
  return line.primary === own.primary ? null : `takes ${member.pod} for the replica of another node than it says`;
}

function slotDifference(member: Member, seen: SlotSet): string {
  const more = minus(seen, member.slots);
  const verb = isEmpty(more) ? 'does not credit' : 'credits';
  const slots = isEmpty(more) ? minus(member.slots, seen) : more;
  return `${verb} ${member.pod} with ${slotsInWords(slots)}, against its own word`;
}

/** All slots have owners, and a node refuses to serve all the same: it does so for a moment after it joined or started. */
function statesNotOk({ members, answers }: MemberTable): readonly Finding[] {
  const owned = union(...members.map((member) => member.slots));
  if (count(owned) < count(ALL_SLOTS)) return [];
  const isFailing = (member: Member): boolean => member.joined && answers.get(member.pod)?.stateOk === false;
  const pods = members.filter(isFailing).map((member) => member.pod);
  if (pods.length === 0) return [];
  const text = `${listed(pods)} ${pods.length === 1 ? 'says' : 'say'} cluster_state:fail, though every slot has an owner.`;
  return [blocks('views-differ', pods, text, WAIT)];
}

/** The servers settle it by themselves; until then a failover may go either way. */
function collidingEpochs({ members }: MemberTable): readonly Finding[] {
  const owners = members.filter((member) => member.slots.length > 0);
  const byEpoch = Map.groupBy(owners, (member) => member.configEpoch);
  return Array.from(byEpoch, ([epoch, group]): readonly Finding[] => {
    if (group.length < 2) return [];
    const pods = group.map((member) => member.pod);
    const text = `${listed(pods)} have the same config epoch (${epoch}).`;
    return [
      { code: 'epochs-collide', weight: 'differs', text, remedy: 'Wait: the nodes settle this by themselves.', pods },
    ];
  }).flat();
}
