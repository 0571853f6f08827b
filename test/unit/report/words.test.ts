import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { bar, slotBar } from '../../../src/report/bar.ts';
import { fitting } from '../../../src/report/budget.ts';
import { eventLine, failureLines } from '../../../src/report/log.ts';
import { planLine } from '../../../src/report/one-line.ts';
import { planJson } from '../../../src/report/plan-json.ts';
import { about, bytes, counted, duration, grouped, short } from '../../../src/report/units.ts';
import { clusterOf, planned, planOf, topologyOf } from './reported.ts';

describe('numbers are short and the same everywhere', () => {
  test.each([
    [grouped(0), '0'],
    [grouped(1_365), '1,365'],
    [grouped(16_384_000), '16,384,000'],
    [short(9_999), '9,999'],
    [short(9_999.6), '10k'],
    [short(249_856), '250k'],
    [short(999_499), '999k'],
    [short(999_500), '1M'],
    [short(14_300_000), '14M'],
    [short(2_500_000_000), '2.5G'],
    [bytes(512), '512 B'],
    [bytes(999), '999 B'],
    [bytes(1_000), '1 kB'],
    [bytes(30_982_144), '31 MB'],
    [bytes(999_900_000), '1 GB'],
    [bytes(1_540_000_000), '1.5 GB'],
    [bytes(9e15), '9000 TB'],
    [duration(0.2), 'under 1 s'],
    [duration(40.4), '40 s'],
    [duration(99.7), '2 min'],
    [duration(125), '2 min'],
    [duration(7_500), '2 h 5 min'],
    [duration(7_200), '2 h'],
    [about(0.1), 'under 1 s'],
    [about(40.4), 'about 40 s'],
    [about(65), 'about 1 min'],
    [about(91), 'about 2 min'],
    [about(125), 'about 2 min'],
    [counted(1, 'shard'), '1 shard'],
    [counted(1_200, 'primary', 'primaries'), '1,200 primaries'],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected);
  });
});

describe('bars', () => {
  test('are as wide as each other, whatever they show', () => {
    const widths = Array.from({ length: 1_001 }, (_, i) => bar(i / 1_000).length);
    expect(new Set(widths)).toEqual(new Set([12]));
  });

  test('show something as more than nothing, and nothing as nothing', () => {
    expect(bar(0)).toBe('░'.repeat(12));
    expect(bar(0.000_1)).toBe(`▌${'░'.repeat(11)}`);
    expect(bar(1)).toBe('█'.repeat(12));
    expect(bar(0.5)).toBe('█'.repeat(6) + '░'.repeat(6));
  });

  test('begin at the same place after any number, without a space that could wrap', () => {
    const texts = [0, 7, 82, 512, 5_461, 16_384].map((slots) => slotBar(slots, 16_384));
    expect(new Set(texts.map((text) => text.length))).toEqual(new Set([`\`16,384 ${bar(1)}\``.length]));
    expect(texts.join('')).not.toContain(' ');
  });
});

describe('what does not fit is left out by whole sections', () => {
  const sections = [
    { lines: ['head'], drop: null },
    { lines: ['a'.repeat(50)], drop: 2, name: 'the a' },
    { lines: ['b'.repeat(50)], drop: 1, name: 'the b' },
    { lines: ['foot'], drop: null },
  ];
  const textIn = (most: number): string =>
    fitting(sections, { most, sizeOf: (text) => text.length, elsewhere: 'Look there.' });

  test('nothing, where there is room', () => {
    expect(textIn(200)).toBe(`head\n\n${'a'.repeat(50)}\n\n${'b'.repeat(50)}\n\nfoot`);
  });

  test('the one with the lowest number first', () => {
    expect(textIn(112)).toBe(`head\n\n${'a'.repeat(50)}\n\n*Left out for want of room: the b. Look there.*\n\nfoot`);
  });

  test('never those without a number', () => {
    expect(textIn(1)).toBe('head\n\n*Left out for want of room: the b, the a. Look there.*\n\nfoot');
  });
});

describe('lines of the log', () => {
  test('a move tells what is done, how fast, and what is left', () => {
    const move = { kind: 'moving', from: 'c-0', to: 'c-6', slots: 1_365, slotsDone: 300, elapsed: 4_000 } as const;
    expect(eventLine({ ...move, keys: 83_265, keysDone: 20_000, bytesDone: 3_100_000 })).toBe(
      'c-0 → c-6: 300 of 1,365 slots, 20,000 of 83,265 keys (about 3.1 MB), 5,000 keys/s, 13 s left',
    );
    expect(eventLine({ ...move, keys: null, keysDone: 0, bytesDone: 0 })).toBe(
      'c-0 → c-6: 300 of 1,365 slots, 0 keys, 14 s left',
    );
  });

  test('a move that slows down tells why, and what PING took before', () => {
    const slowed = { kind: 'slowed', pod: 'c-0', latency: 31, atRest: 2, limit: 20, speed: 0.13 } as const;
    expect(eventLine(slowed)).toBe(
      'Slowed down to 13 %: c-0 answered PING in 31 ms, 2 ms before the move; `migration.maxLatency` is 20 ms.',
    );
  });

  test('a failure tells its details, its causes, what to do, and its code', () => {
    const cause = new Error('socket closed', { cause: new Error('ECONNRESET') });
    const failure = new Failure('redis-unreachable', 'c-0 does not answer.', {
      remedy: 'Look at the pod.',
      details: ['It was asked 3 times.'],
      cause,
    });
    expect(failureLines(failure)).toEqual([
      '✗ c-0 does not answer.',
      '  - It was asked 3 times.',
      '  because: socket closed',
      '  because: ECONNRESET',
      '  What to do: Look at the pod.',
      '  (failure-reason: redis-unreachable)',
    ]);
  });
});

describe('for outputs', () => {
  const three = clusterOf({ shards: 3, replicas: 1 });

  test('a plan without steps says what is there', () => {
    const { plan, estimate } = planned(planOf(topologyOf(3), three));
    expect(planLine(plan, estimate)).toBe(
      'sessions: Nothing to do: the cluster is as declared, 3 shards × 1 replica on 6 pods.',
    );
  });

  test('the plan as JSON has the agreed fields, and an estimate for each step', () => {
    const { plan, estimate } = planned(planOf(topologyOf(4), three));
    const json = JSON.parse(planJson(plan, estimate));
    expect(json).toMatchObject({
      version: 1,
      cluster: 'sessions',
      hash: plan.hash,
      summary: { slotsToMove: 4_096, keysToMove: 249_856, failovers: 0, podsToAdd: 2, podsToRemove: 0 },
      dangers: [],
    });
    expect(json.steps[0]).toEqual({ kind: 'scale', from: 6, to: 8 });
    expect(json.estimates).toHaveLength(json.steps.length);
    expect(Object.keys(json).toSorted()).toEqual(
      ['cluster', 'dangers', 'estimates', 'hash', 'steps', 'summary', 'version'].toSorted(),
    );
  });
});
