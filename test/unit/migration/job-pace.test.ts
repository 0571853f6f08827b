import { describe, expect, test } from '@jest/globals';
import { array, assert, double, property } from 'fast-check';
import { isHot } from '../../../src/core/hot-slots.ts';
import { afterJob, FULL_SPEED, type JobPace, restAfter } from '../../../src/migration/job-pace.ts';

const BOUND = 20;

function paceAfter(excesses: readonly number[]): JobPace {
  return excesses.reduce((pace, excess) => afterJob(pace, excess, BOUND), FULL_SPEED);
}

describe('the size of jobs', () => {
  test('stays full while their hand-overs take what they take on a quiet cluster, once longer too', () => {
    expect(paceAfter([20, 40, 49, 56, 30, 85, 10]).speed).toBe(1);
  });

  test('is halved where PING is late again and again, or very late, and comes back with time', () => {
    expect(paceAfter([60, 60]).speed).toBe(1 / 2);
    expect(paceAfter([101]).speed).toBe(1 / 2);
    expect(paceAfter([101, 10]).speed).toBe(3 / 4);
    expect(paceAfter([101, 10, 10]).speed).toBe(1);
  });

  test('below the half there is a rest after each', () => {
    expect(restAfter(paceAfter([101]), 100)).toBe(0);
    expect(restAfter(paceAfter([101, 101]), 100)).toBe(100);
  });

  test('is never less than a quarter, nor more than all, and no rest is longer than the job', () => {
    const late = double({ min: -100, max: 60_000, noNaN: true });
    assert(
      property(array(late, { maxLength: 50 }), (excesses) => {
        const pace = paceAfter(excesses);
        expect(pace.speed).toBeGreaterThanOrEqual(1 / 4);
        expect(pace.speed).toBeLessThanOrEqual(1);
        expect(restAfter(pace, 100)).toBeGreaterThanOrEqual(0);
        expect(restAfter(pace, 100)).toBeLessThanOrEqual(100);
      }),
    );
  });
});

test('a slot is hot where a donor of Valkey would delete its keys for longer than a hand-over may take', () => {
  expect(isHot(50_000, 'MIGRATESLOTS', BOUND)).toBe(false);
  expect(isHot(50_001, 'MIGRATESLOTS', BOUND)).toBe(true);
  expect(isHot(5_000_000, 'MIGRATION', BOUND)).toBe(false);
});
