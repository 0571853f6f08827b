import { type Member, memberOf } from '../core/cluster.ts';
import { memoryNeeds, memoryWords } from './memory.ts';
import type { Danger, Plan } from './plan.ts';

/** From this part of its limit on, a receiver's memory is called tight. */
const TIGHT = 0.8;

type Parts = Pick<Plan, 'before' | 'stages' | 'after'>;

/** What may keep those that get slots from holding what comes. */
export function receiverDangers(plan: Parts): readonly Danger[] {
  return [...evicting(plan), ...tight(plan), ...lacking(plan)];
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

function functions(donor: Member, receiver: Member): readonly Danger[] {
  const [mine = 0, there = 0] = [donor.facts.libraries, receiver.facts.libraries];
  if (!receiver.joined || mine <= there) return [];
  const text = `${receiver.pod} has ${there} function libraries and ${donor.pod} has ${mine}: load the missing ones there (FUNCTION DUMP, FUNCTION RESTORE) before slots move.`;
  return [{ code: 'functions-differ', text, needs: null }];
}
