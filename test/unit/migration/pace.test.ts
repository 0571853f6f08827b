import { describe, expect, test } from '@jest/globals';
import { array, assert, double, integer, nat, property, record } from 'fast-check';
import { afterPing, initialPace, overHop, type PaceState, slowestOf, strideOf } from '../../../src/migration/pace.ts';

const BOUND = 20;

/** Milliseconds from one PING to the next of a server that answers at once. */
const EVERY = 7;

function paceAfter(state: PaceState, excesses: readonly number[]): PaceState {
  return excesses.reduce((pace, excess) => afterPing(pace, excess, EVERY), state);
}

/** Of a server that answers each PING after so long, which counts as late again and again meanwhile. */
function paceOfSlow(latency: number, { milliseconds }: { milliseconds: number }): PaceState {
  let pace = initialPace(BOUND, 0);
  for (let now = 0; now < milliseconds; now += latency + EVERY) {
    for (let waited = BOUND + 1; waited < latency; waited += BOUND + 1) pace = afterPing(pace, waited, BOUND + 1);
    pace = afterPing(pace, latency, EVERY + (latency % (BOUND + 1)));
  }
  return pace;
}

function times(n: number, excess: number): readonly number[] {
  return Array.from({ length: n }, () => excess);
}

const state = record({
  maxLatency: integer({ min: 1, max: 60_000 }),
  roundTrip: double({ min: 0, max: 500, noNaN: true }),
  speed: double({ min: 1 / 64, max: 1, noNaN: true }),
  over: nat(10),
});
const excess = double({ min: -100, max: 60_000, noNaN: true });

describe('the pace', () => {
  test('reaches its full speed within 80 PINGs of a server that answers as at rest, and stays there', () => {
    expect(paceAfter(initialPace(BOUND, 0), times(80, 0)).speed).toBe(1);
    expect(paceAfter(initialPace(BOUND, 0), times(4_000, 1)).speed).toBe(1);
  });

  test('halves at one PING that is far too late, and takes many to come back', () => {
    const full = paceAfter(initialPace(BOUND, 0), times(100, 0));
    const hit = afterPing(full, 5 * BOUND, EVERY);
    expect(hit.speed).toBe(1 / 2);
    expect(paceAfter(hit, times(10, 0)).speed).toBeLessThan(0.7);
  });

  test('goes by what PING takes longer than at rest: a distant server alone slows nothing down', () => {
    const distant = paceAfter(initialPace(BOUND, 150), times(100, 2));
    expect(distant.speed).toBe(1);
    expect(strideOf(distant).inFlight).toBeGreaterThan(strideOf({ ...distant, roundTrip: 0 }).inFlight);
  });

  test('rests only where PINGs in a row miss the bound', () => {
    const single = Array.from({ length: 1_000 }, (_, i) => (i % 2 === 0 ? 3 * BOUND : 0));
    expect(strideOf(paceAfter(initialPace(BOUND, 0), single)).rest).toBe(0);
    expect(strideOf(paceAfter(initialPace(BOUND, 0), times(20, 3 * BOUND))).rest).toBeGreaterThan(0);
  });

  test('slows down where more than one PING in fifty is later than four tenths of the bound, and not where fewer are', () => {
    const every = (n: number) => Array.from({ length: 6_000 }, (_, i) => (i % n === 0 ? 2 * BOUND : 0));
    expect(paceAfter(initialPace(BOUND, 0), every(35)).speed).toBeLessThan(0.3);
    expect(paceAfter(initialPace(BOUND, 0), every(140)).speed).toBeGreaterThan(0.7);
  });

  test.each([30, 400, 1_000])(
    'goes to the floor, with rests, within a second at a server that takes %s ms',
    (latency) => {
      const slow = paceOfSlow(latency, { milliseconds: 1_000 });
      expect(slow.speed).toBe(1 / 64);
      expect(strideOf(slow).rest).toBeGreaterThan(0);
      expect(strideOf(slow).keysPerMigrate).toBe(10);
    },
  );

  test('is that of the slower of two servers, however fast the other one answers', () => {
    const [donor, receiver] = [
      paceOfSlow(400, { milliseconds: 1_000 }),
      paceAfter(initialPace(BOUND, 0), times(200, 0)),
    ];
    expect(slowestOf([donor, receiver])).toBe(donor);
    expect(slowestOf([receiver, donor])).toBe(donor);
  });

  test('comes back as fast at a distant server, which answers few PINGs, as at a near one', () => {
    const [near, far] = [EVERY, 70].map((every) => {
      let pace: PaceState = { ...initialPace(BOUND, every), speed: 1 / 64 };
      for (let now = 0; now < 1_400; now += every) pace = afterPing(pace, 0, every);
      return pace.speed;
    });
    expect(far).toBeCloseTo(near ?? 0, 5);
    expect(afterPing({ ...initialPace(BOUND, 0), speed: 1 / 64 }, 0, 60_000).speed).toBeLessThan(1 / 32);
  });

  test('where MIGRATE waits long for the receiver it sends more keys each time, and fewer are in flight', () => {
    const far = strideOf({ ...initialPace(BOUND, 2), speed: 1 });
    expect(overHop(far, 0.1)).toEqual(far);
    const slow = overHop(far, 3);
    expect(slow.keysPerMigrate).toBeGreaterThan(far.keysPerMigrate);
    expect(slow.inFlight).toBeLessThan(far.inFlight);
    expect(overHop(far, 10_000).keysPerMigrate).toBeLessThanOrEqual(400);
  });

  test('takes smaller steps for a smaller bound', () => {
    const [usual, quarter] = [20, 5].map((bound) => strideOf({ ...initialPace(bound, 0), speed: 1 }));
    expect(quarter?.keysPerMigrate).toBeLessThan((usual?.keysPerMigrate ?? 0) / 3);
    expect(quarter?.closeTogether).toBeLessThan(usual?.closeTogether ?? 0);
  });

  test('a later PING never makes it faster than an earlier one', () => {
    assert(
      property(state, excess, excess, (from, a, b) => {
        const [sooner, later] = [Math.min(a, b), Math.max(a, b)];
        expect(afterPing(from, later, EVERY).speed).toBeLessThanOrEqual(afterPing(from, sooner, EVERY).speed);
      }),
    );
  });

  test('steps stay within their bounds, and none is larger at a lower speed', () => {
    assert(
      property(state, array(excess, { maxLength: 50 }), (from, excesses) => {
        const to = paceAfter(from, excesses);
        expect(to.speed).toBeGreaterThanOrEqual(1 / 64);
        expect(to.speed).toBeLessThanOrEqual(1);
        const stride = strideOf(to);
        const full = strideOf({ ...to, speed: 1 });
        for (const name of [
          'keysPerMigrate',
          'bytesPerMigrate',
          'inFlight',
          'openTogether',
          'closeTogether',
        ] as const) {
          expect(stride[name]).toBeGreaterThanOrEqual(1);
          expect(stride[name]).toBeLessThanOrEqual(full[name]);
          expect(Number.isInteger(stride[name])).toBe(true);
        }
        expect(stride.rest).toBeGreaterThanOrEqual(full.rest);
      }),
    );
  });
});
