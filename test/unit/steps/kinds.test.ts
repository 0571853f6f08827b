import { describe, expect, test } from '@jest/globals';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { statesOf } from '../../../src/plan/stages.ts';
import { KINDS, type Step } from '../../../src/steps/index.ts';
import { readCases } from '../plan/case-file.ts';

const REPAIRS: readonly Step[] = [
  { kind: 'repair-address', pod: 'redis-cluster-1' },
  { kind: 'repair-slots', owner: 'redis-cluster-1', others: ['redis-cluster-0'], slots: '7-8,10', count: 3 },
  { kind: 'forget', node: 'a'.repeat(40) },
];

const plans = readCases(new URL('../plan/cases/', import.meta.url)).flatMap(({ topology, cluster }) => {
  const planned = makePlan(topology, cluster);
  return planned.kind === 'plan' ? [planned.plan] : [];
});
const planned = plans.flatMap((plan) => plan.stages.flat().map(({ step }) => step));
const oneOfEach = [...new Map([...planned, ...REPAIRS].map((step) => [step.kind, step])).values()];

describe.each(oneOfEach.map((step) => ({ name: step.kind, step })))('a step $name', ({ step }) => {
  test('is read from JSON as it was written', () => {
    expect(KINDS.read(JSON.parse(JSON.stringify(step)))).toEqual(step);
  });

  test('is refused in JSON where a field is missing or of another type', () => {
    for (const field of Object.keys(step)) {
      expect(KINDS.read({ ...step, [field]: undefined })).toBeNull();
      expect(KINDS.read({ ...step, [field]: -1 })).toBeNull();
      expect(KINDS.read({ ...step, [field]: [''] })).toBeNull();
    }
  });

  test('covers itself', () => {
    expect(KINDS.covers(step, step)).toBe(true);
  });

  test('covers no step of another kind', () => {
    const others = oneOfEach.filter((other) => other.kind !== step.kind);
    expect(others.filter((other) => KINDS.covers(step, other))).toEqual([]);
  });

  test('is the same after pods got other names and theirs again', () => {
    const renamed = KINDS.rename(step, (pod) => pod.replace('redis', 'valkey'));
    expect(KINDS.rename(renamed, (pod) => pod.replace('valkey', 'redis'))).toEqual(step);
  });
});

test('every kind of step is tried here', () => {
  expect(oneOfEach.map((step) => step.kind).toSorted()).toEqual([
    'apply-manifests',
    'assign-slots',
    'delete-resources',
    'delete-volumes',
    'fail-over',
    'forget',
    'join',
    'move-slots',
    'remove',
    'repair-address',
    'repair-slots',
    'replicate',
    'scale',
    'wait-for-pods',
  ]);
});

test('every planned step is open before its stage and done after it', () => {
  for (const plan of plans) {
    const states = statesOf(plan.before, plan.stages);
    for (const [i, stage] of plan.stages.entries()) {
      for (const { step } of stage) {
        expect([step, KINDS.isDone(step, states[i] ?? plan.before)]).toEqual([step, false]);
        expect([step, KINDS.isDone(step, states[i + 1] ?? plan.after)]).toEqual([step, true]);
      }
    }
  }
});

test.each<{ name: string; approved: Step; now: Step; covered: boolean }>([
  {
    name: 'the rest of a move is covered',
    approved: { kind: 'move-slots', from: 'a-0', to: 'a-1', slots: '0-9', count: 10 },
    now: { kind: 'move-slots', from: 'a-0', to: 'a-1', slots: '4-9', count: 6 },
    covered: true,
  },
  {
    name: 'a move of more slots is not',
    approved: { kind: 'move-slots', from: 'a-0', to: 'a-1', slots: '0-9', count: 10 },
    now: { kind: 'move-slots', from: 'a-0', to: 'a-1', slots: '4-10', count: 7 },
    covered: false,
  },
  {
    name: 'a move to another pod is not',
    approved: { kind: 'move-slots', from: 'a-0', to: 'a-1', slots: '0-9', count: 10 },
    now: { kind: 'move-slots', from: 'a-0', to: 'a-2', slots: '0-9', count: 10 },
    covered: false,
  },
  {
    name: 'a scale to the same number is covered',
    approved: { kind: 'scale', from: 6, to: 9 },
    now: { kind: 'scale', from: 7, to: 9 },
    covered: true,
  },
  {
    name: 'a scale to the same number from the other side is not',
    approved: { kind: 'scale', from: 6, to: 9 },
    now: { kind: 'scale', from: 12, to: 9 },
    covered: false,
  },
  {
    name: 'the deletion of the volumes that are left is covered',
    approved: { kind: 'delete-volumes', volumes: ['data-a-6', 'data-a-7'] },
    now: { kind: 'delete-volumes', volumes: ['data-a-7'] },
    covered: true,
  },
  {
    name: 'the deletion of another volume is not',
    approved: { kind: 'delete-volumes', volumes: ['data-a-6'] },
    now: { kind: 'delete-volumes', volumes: ['data-a-5', 'data-a-6'] },
    covered: false,
  },
])('$name', ({ approved, now, covered }) => {
  expect(KINDS.covers(approved, now)).toBe(covered);
});

test('words of a move with many ranges stay short', () => {
  const slots = Array.from({ length: 200 }, (_, i) => i * 3).join(',');
  const words = KINDS.words({ kind: 'move-slots', from: 'a-0', to: 'a-1', slots, count: 200 });
  expect(words).toMatch(/^Move 200 slots \(0,3,6,.*,…\) from a-0 to a-1$/);
  expect(words.length).toBeLessThan(130);
});
