import { expect, test } from '@jest/globals';
import { type ServerFacts, withMember } from '../../../src/core/cluster.ts';
import { factsOf } from '../../../src/plan/library-facts.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { DangerCode } from '../../../src/plan/plan.ts';
import { receiverDangers } from '../../../src/plan/receivers.ts';
import { caseOf, planFor } from './named-case.ts';

type Functions = Pick<ServerFacts, 'libraries' | 'functions'>;

const NONE: Functions = {};

function having(...libraries: readonly (readonly [name: string, code: string])[]): Functions {
  const functions = factsOf(libraries.map(([name, code]) => ({ name, code })));
  return { libraries: functions.length, functions };
}

/** What is told of functions where redis-cluster-0 gives slots to redis-cluster-1. */
function told(donor: Functions, receiver: Functions): readonly string[] {
  const plan = planFor('weights');
  const give = (pod: string, functions: Functions, to: typeof plan.before) => {
    const member = to.members.find((one) => one.pod === pod);
    return member === undefined ? to : withMember(to, pod, { facts: { ...member.facts, ...functions } });
  };
  const [move] = plan.stages.flat().flatMap(({ step }) => (step.kind === 'move-slots' ? [step] : []));
  const before = give(move?.to ?? '', receiver, give(move?.from ?? '', donor, plan.before));
  return receiverDangers({ ...plan, before }, [before])
    .filter(({ code }) => code === 'functions-differ')
    .map(({ text }) => text);
}

test('libraries that a receiver lacks are no danger, as they are copied', () => {
  expect(told(having(['one', '1'], ['two', '2']), having(['two', '2']))).toEqual([]);
  expect(told(having(['one', '1']), NONE)).toEqual([]);
});

test('libraries of one name and other code are told by their names', () => {
  const [text, ...others] = told(having(['one', '1'], ['two', '2']), having(['one', '100'], ['two', '2']));
  expect(text).toContain('The code of the function libraries one is not the same on');
  expect(others).toEqual([]);
});

test('where a user may not see them their numbers are compared', () => {
  expect(told({ libraries: 2 }, { libraries: 1 })[0]).toContain('has 1 function libraries and');
  expect(told(having(['one', '1'], ['two', '2']), { libraries: 1 })[0]).toContain('has 1 function libraries and');
  expect(told({ libraries: 1 }, { libraries: 2 })).toEqual([]);
});

interface Given {
  /** Whose replica there is besides, and whether it is in sync. */
  readonly replicaOf: string;
  readonly synced?: boolean;
  readonly software?: 'redis' | 'valkey';
}

/** What is told of one kind where redis-cluster-0 and redis-cluster-2 give slots to redis-cluster-1. */
function toldOf(code: DangerCode, { replicaOf, synced = true, software = 'redis' }: Given): readonly string[] {
  const plan = planFor('weights');
  const members = plan.before.members.map((one) => ({ ...one, facts: { ...one.facts, software } }));
  const replicas = members
    .filter(({ pod }) => pod === replicaOf)
    .map((one) => ({ ...one, pod: 'redis-cluster-3', role: 'replica' as const, primary: one.pod, slots: [], synced }));
  const before = { ...plan.before, members: [...members, ...replicas] };
  const dangers = receiverDangers({ ...plan, before }, [before]);
  return dangers.filter((danger) => danger.code === code).map(({ text }) => text);
}

test('slots that go to a pod whose replicas are all out of sync would stand on that pod alone, which is told', () => {
  const [text, ...others] = toldOf('redundancy-lowered', { replicaOf: 'redis-cluster-1', synced: false });
  expect(text).toContain('redis-cluster-1 gets slots while none of its replicas is in sync');
  expect(others).toEqual([]);
  expect(toldOf('redundancy-lowered', { replicaOf: 'redis-cluster-1' })).toEqual([]);
});

/** The plan's words to those who shrink where the pods from the fourth on run this version. */
function toldOfOlder(version: string, facts: Partial<ServerFacts> = {}): readonly string[] {
  const { topology, cluster } = caseOf('shrink four to three');
  const members = cluster.members.map((one) => {
    const own = Number(one.pod.split('-').at(-1)) < 3 ? {} : { version };
    return { ...one, facts: { ...one.facts, ...own, ...facts } };
  });
  const planned = makePlan(topology, { ...cluster, members });
  if (planned.kind === 'refused') throw planned.failure;
  return planned.plan.dangers.filter(({ code }) => code === 'receiver-older').map(({ text }) => text);
}

test('where slots go to servers that are older than the one which has them, that is told once, with the versions', () => {
  const [text, ...others] = toldOfOlder('99.0.0');
  expect(text).toMatch(
    /^redis-cluster-0 \(valkey [\d.]+\), redis-cluster-1 \(.*\) and redis-cluster-2 \(.*\) may not read keys of redis-cluster-6 \(valkey 99\.0\.0\): /,
  );
  expect(others).toEqual([]);
  expect(toldOfOlder('99.0.0', { keys: 0 })).toEqual([]);
  expect(toldOfOlder('1.0.0')).toEqual([]);
});

test("where slots go key by key from Redis, clients of the donors' replicas are told of", () => {
  const [text, ...others] = toldOf('replica-reads', { replicaOf: 'redis-cluster-0' });
  expect(text).toContain('(READONLY) of redis-cluster-0 do not find keys');
  expect(others).toEqual([]);
  expect(toldOf('replica-reads', { replicaOf: 'redis-cluster-1' })).toEqual([]);
  expect(toldOf('replica-reads', { replicaOf: 'redis-cluster-0', software: 'valkey' })).toEqual([]);
});

/** The plan's word to clients that read from replicas, on a cluster of this software. */
function toldReaders(name: string, software: 'redis' | 'valkey', facts: Partial<ServerFacts> = {}): readonly string[] {
  const { topology, cluster } = caseOf(name);
  const members = cluster.members.map((one) => ({ ...one, facts: { ...one.facts, software, ...facts } }));
  const planned = makePlan(topology, { ...cluster, members });
  if (planned.kind === 'refused') throw planned.failure;
  return planned.plan.dangers.filter(({ code }) => code === 'replica-reads').map(({ text }) => text);
}

test("where replicas of Redis change shards, clients that read there are told of once, with all such pods' names", () => {
  const [text, ...others] = toldReaders('placement swap', 'redis');
  expect(text).toContain(
    'Until redis-cluster-4 and redis-cluster-3 have copied the data of their new primary, clients',
  );
  expect(others).toEqual([]);
  expect(toldReaders('placement swap', 'valkey')).toEqual([]);
});

test('where a primary of Redis that has given its slots away follows another one, clients that read there are told of', () => {
  expect(toldReaders('shrink where two shards lose their replicas', 'redis').join()).toContain(
    'Until redis-cluster-1 has copied the data of its new primary, clients',
  );
});

test('of replicas that are new, and of those of a primary without keys, clients that read there are told nothing', () => {
  expect(toldReaders('replicas one to two', 'redis')).toEqual([]);
  expect(toldReaders('placement swap', 'redis', { keys: 0 })).toEqual([]);
});
