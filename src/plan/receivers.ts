import { type Cluster, type Member, memberOf, replicasOf } from '../core/cluster.ts';
import { mayNotRead } from '../core/versions.ts';
import { listed } from '../core/wording.ts';
import { fullSyncs } from './full-syncs.ts';
import { memoryNeeds, memoryWords } from './memory.ts';
import type { Danger, Plan } from './plan.ts';
import { commandFor } from './way-of-move.ts';

/** From this part of its limit on, a receiver's memory is called tight. */
const TIGHT = 0.8;

type Parts = Pick<Plan, 'topology' | 'before' | 'stages' | 'after'>;

/**
 * What may keep those that get slots from holding what comes, and clients from finding what is on its way.
 * @param states the cluster before each stage, and after the last
 */
export function receiverDangers(plan: Parts, states: readonly Cluster[]): readonly Danger[] {
  return [
    ...evicting(plan),
    ...tight(plan),
    ...alone(plan, states),
    ...older(plan),
    ...lacking(plan),
    ...unfound(plan),
    ...copying(plan, states),
  ];
}

/** Where a receiver has replicas and none of them follows, a move has nobody to wait for. */
function alone({ stages }: Parts, states: readonly Cluster[]): readonly Danger[] {
  const pods = stages.flatMap((stage, i) => {
    const before = states[i];
    const receivers = stage.flatMap(({ step }) => (step.kind === 'move-slots' ? [step.to] : []));
    if (before === undefined) return [];
    return receivers.filter((pod) => {
      const replicas = replicasOf(before, pod);
      return replicas.length > 0 && !replicas.some(({ synced }) => synced);
    });
  });
  return [...new Set(pods)].map((pod): Danger => {
    const text = `${pod} gets slots while none of its replicas is in sync: until one is, what comes is lost with that pod.`;
    return { code: 'redundancy-lowered', text, needs: null };
  });
}

/** Redis' replicas are not told which slots are on the move, and answer for keys that have moved that there are none. */
function unfound(plan: Parts): readonly Danger[] {
  const donors = movesOf(plan).flatMap((step) => {
    const member = memberOf(plan.before, step.from);
    const isToldOf = member?.facts.software !== 'redis' || commandFor(step, plan) !== null;
    return isToldOf || replicasOf(plan.before, step.from).length === 0 ? [] : [step.from];
  });
  if (donors.length === 0) return [];
  const text = `Clients that read from replicas (READONLY) of ${[...new Set(donors)].join(', ')} do not find keys that have moved until their slot has, up to a second later: let them read from primaries meanwhile.`;
  return [{ code: 'replica-reads', text, needs: null }];
}

/**
 * Redis lists a replica for its new shard, and has it answer, as soon as it is told to follow, with whatever it holds by then.
 * One that never held any data is only listed once it has copied all (from 7.0 on).
 */
function copying(plan: Parts, states: readonly Cluster[]): readonly Danger[] {
  const pods = fullSyncs(plan.stages, states).flatMap(({ step }) => {
    const member = memberOf(plan.before, step.pod);
    const changes = member?.joined === true && member.primary !== step.primary;
    return changes && member.facts.software === 'redis' ? [step.pod] : [];
  });
  if (pods.length === 0) return [];
  const those = [...new Set(pods)];
  const text = `Until ${listed(those)} ${those.length === 1 ? 'has copied the data of its' : 'have copied the data of their'} new primary, clients that read there (READONLY) get nil for keys that exist: let them read from primaries meanwhile.`;
  return [{ code: 'replica-reads', text, needs: null }];
}

function movesOf({ stages }: Parts) {
  return stages.flat().flatMap(({ step }) => (step.kind === 'move-slots' ? [step] : []));
}

function evicting(plan: Parts): readonly Danger[] {
  const receiving = new Set(movesOf(plan).map((step) => step.to));
  return [...receiving].flatMap((pod): readonly Danger[] => {
    const facts = memberOf(plan.before, pod)?.facts;
    if (facts === undefined || facts.maxMemory === 0 || ['', 'noeviction'].includes(facts.evictionPolicy)) return [];
    const text = `${pod} gets slots and may evict keys when its memory is full (maxmemory-policy ${facts.evictionPolicy}).`;
    return [{ code: 'evicting-policy', text, needs: null }];
  });
}

function tight(plan: Parts): readonly Danger[] {
  const needs = memoryNeeds(plan).filter((need) => need.needed > TIGHT * need.limit);
  return needs.map((need) => ({ code: 'memory-tight', text: `${memoryWords(need)}.`, needs: null }));
}

/** In the middle of an update. What pods that are yet to come will run, nobody knows. */
function older(plan: Parts): readonly Danger[] {
  const donors = Map.groupBy(movesOf(plan), ({ from }) => from);
  return [...donors].flatMap(([from, moves]): readonly Danger[] => {
    const donor = memberOf(plan.before, from);
    if (donor === undefined || donor.facts.keys === 0) return [];
    const those = [...new Set(moves.map(({ to }) => to))]
      .map((to) => memberOf(plan.before, to))
      .filter((receiver) => receiver !== undefined)
      .filter((receiver) => mayNotRead(receiver.facts, donor.facts));
    if (those.length === 0) return [];
    const text = `${listed(those.map(withVersion))} may not read keys of ${withVersion(donor)}: the move would stop at the first such key, which stays where it is. Finish the update of the servers first.`;
    return [{ code: 'receiver-older', text, needs: null }];
  });
}

function withVersion({ pod, facts }: Member): string {
  return `${pod} (${facts.software} ${facts.version})`;
}

/** What MIGRATE does not bring along. Pods that are to join get the functions then; what they will have loaded, nobody knows. */
function lacking(plan: Parts): readonly Danger[] {
  const pairs = new Map(movesOf(plan).map(({ from, to }) => [`${from} ${to}`, { from, to }]));
  return [...pairs.values()].flatMap(({ from, to }): readonly Danger[] => {
    const [donor, receiver] = [memberOf(plan.before, from), memberOf(plan.before, to)];
    if (donor === undefined || receiver === undefined || donor.facts.keys === 0) return [];
    return [...modules(donor, receiver), ...functions(donor, receiver)];
  });
}

function modules(donor: Member, receiver: Member): readonly Danger[] {
  const there = new Set(receiver.facts.modules?.map(nameOfModule));
  const missing = (donor.facts.modules ?? []).map(nameOfModule).filter((name) => !there.has(name));
  if (missing.length === 0) return [];
  const text = `${receiver.pod} lacks ${missing.join(', ')}, which ${donor.pod} has loaded: keys of such types cannot move there, and the move would stop at the first one.`;
  return [{ code: 'modules-differ', text, needs: null }];
}

function nameOfModule(module: string): string {
  return module.split(' ')[0] ?? module;
}

/** Libraries that are missing are copied; one that is there stays as it is. Where the names are not known their numbers are compared. */
function functions(donor: Member, receiver: Member): readonly Danger[] {
  if (!receiver.joined) return [];
  const [mine, there] = [donor.facts.functions, receiver.facts.functions ?? []];
  if (mine === undefined || (receiver.facts.libraries ?? 0) !== there.length) return fewer(donor, receiver);
  const digests = new Map(there.map(({ name, digest }) => [name, digest]));
  const others = mine.filter(({ name, digest }) => digests.has(name) && digests.get(name) !== digest);
  if (others.length === 0) return [];
  const names = others.map(({ name }) => name).join(', ');
  const text = `The code of the function libraries ${names} is not the same on ${donor.pod} and ${receiver.pod}, and clients that call them get what is there: load the same on both (FUNCTION LOAD REPLACE) before slots move.`;
  return [{ code: 'functions-differ', text, needs: null }];
}

function fewer(donor: Member, receiver: Member): readonly Danger[] {
  const [mine = 0, there = 0] = [donor.facts.libraries, receiver.facts.libraries];
  if (mine <= there) return [];
  const text = `${receiver.pod} has ${there} function libraries and ${donor.pod} has ${mine}: the missing ones are copied before slots move, where the user of the apply may do that (FUNCTION LIST, FUNCTION LOAD).`;
  return [{ code: 'functions-differ', text, needs: null }];
}
