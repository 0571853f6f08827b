import { describe, expect, test } from '@jest/globals';
import type { Cluster, Member } from '../../../src/core/cluster.ts';
import type { Finding } from '../../../src/core/findings.ts';
import { slotFindings } from '../../../src/core/slot-findings.ts';
import { SLOT_COUNT } from '../../../src/core/slots.ts';
import { KINDS } from '../../../src/steps/index.ts';
import { whenApart } from '../../../src/steps/repair-address/when.ts';
import { whenInDoubt } from '../../../src/steps/repair-slots/when.ts';
import { memberOf, NOTHING } from '../../support/cluster.ts';

const SLOT = 7;
const [DONOR, RECEIVER, THIRD, SUCCESSOR] = ['cache-0', 'cache-1', 'cache-2', 'cache-3'] as const;
const OTHERS = [[0, SLOT - 1] as const, [SLOT + 1, SLOT_COUNT - 1] as const];

interface Seen {
  readonly owners: readonly string[];
  /** Pod → the pod at the other end of its mark. */
  readonly gives?: Readonly<Record<string, string | null>>;
  readonly takes?: Readonly<Record<string, string | null>>;
  readonly keys?: Readonly<Record<string, number>>;
  readonly hides?: Readonly<Record<string, number>>;
  /** Replica → its primary. */
  readonly replicas?: Readonly<Record<string, string>>;
  readonly uncredited?: string;
}

/** A cluster in which all slots but one are in order. */
function clusterOf(seen: Seen): Cluster {
  const members = [DONOR, RECEIVER, THIRD, SUCCESSOR].map((pod): Member => {
    const owned = seen.owners.includes(pod) ? [[SLOT, SLOT] as const] : [];
    const rest = pod === DONOR ? OTHERS : [];
    const primary = seen.replicas?.[pod] ?? null;
    const [gives, takes] = [seen.gives?.[pod], seen.takes?.[pod]];
    const [keys, hides] = [seen.keys?.[pod], seen.hides?.[pod]];
    return memberOf(
      pod,
      {
        role: primary === null ? 'primary' : 'replica',
        primary,
        slots: primary === null ? [...rest, ...owned].toSorted((a, b) => a[0] - b[0]) : [],
        open: [
          ...(gives === undefined ? [] : [{ slot: SLOT, state: 'migrating' as const, peer: gives }]),
          ...(takes === undefined ? [] : [{ slot: SLOT, state: 'importing' as const, peer: takes }]),
        ],
        ...(keys === undefined ? {} : { holds: [{ slot: SLOT, keys }] }),
        ...(hides === undefined ? {} : { hides }),
        ...(seen.uncredited === pod ? { uncredited: [[SLOT, SLOT] as const] } : {}),
      },
      { keys: 100 },
    );
  });
  const cluster = { ...NOTHING, members };
  return { ...cluster, findings: slotFindings(cluster) };
}

const to = (owner: string, ...others: string[]): string => `${owner} < ${others.join(' ')}`;

describe('a slot in doubt goes', () => {
  test.each<[string, Seen, string]>([
    [
      'back where only a receiver marks it, and has nothing',
      { owners: [DONOR], takes: { [RECEIVER]: DONOR } },
      to(DONOR, RECEIVER),
    ],
    [
      'on where only a receiver marks it, and has keys',
      { owners: [DONOR], takes: { [RECEIVER]: DONOR }, keys: { [RECEIVER]: 3 } },
      to(RECEIVER, DONOR),
    ],
    [
      'on where both mark it',
      { owners: [DONOR], gives: { [DONOR]: RECEIVER }, takes: { [RECEIVER]: DONOR } },
      to(RECEIVER, DONOR),
    ],
    [
      'nowhere where the donor gives to somebody who awaits nothing',
      { owners: [DONOR], gives: { [DONOR]: RECEIVER } },
      to(DONOR),
    ],
    [
      'on where that one has keys all the same',
      { owners: [DONOR], gives: { [DONOR]: RECEIVER }, keys: { [RECEIVER]: 1 } },
      to(RECEIVER, DONOR),
    ],
    [
      'to the receiver that the donor has marked, of several',
      { owners: [DONOR], gives: { [DONOR]: RECEIVER }, takes: { [RECEIVER]: DONOR, [THIRD]: DONOR } },
      to(RECEIVER, DONOR, THIRD),
    ],
    [
      'to the receiver that has not heard of it, when the donor has let go',
      { owners: [], takes: { [RECEIVER]: DONOR } },
      to(RECEIVER),
    ],
    [
      'to the receiver that owns it, from a donor that still marks it',
      { owners: [RECEIVER], gives: { [DONOR]: RECEIVER } },
      to(RECEIVER, DONOR),
    ],
    [
      'to the replica that took over from the receiver, where it has keys',
      { owners: [DONOR], gives: { [DONOR]: THIRD }, replicas: { [THIRD]: SUCCESSOR }, keys: { [SUCCESSOR]: 2 } },
      to(SUCCESSOR, DONOR),
    ],
    ['to its owner, of which another one has keys', { owners: [DONOR], keys: { [THIRD]: 5 } }, to(DONOR, THIRD)],
    ['to who has most keys, where nobody owns it', { owners: [], keys: { [DONOR]: 2, [THIRD]: 5 } }, to(THIRD, DONOR)],
    [
      'to who has most keys, of two owners',
      { owners: [DONOR, THIRD], keys: { [DONOR]: 2, [THIRD]: 5 } },
      to(THIRD, DONOR),
    ],
    [
      'to who got it, of two owners',
      { owners: [DONOR, RECEIVER], gives: { [DONOR]: RECEIVER }, keys: { [DONOR]: 9 } },
      to(RECEIVER, DONOR),
    ],
    [
      'to who may have its keys and does not tell, where nobody owns it',
      { owners: [], hides: { [THIRD]: 4 } },
      to(THIRD),
    ],
    ['nowhere where others only do not know its owner', { owners: [RECEIVER], uncredited: RECEIVER }, to(RECEIVER)],
  ])('%s', (_name, seen, wanted) => {
    const cluster = clusterOf(seen);
    const step = whenInDoubt(cluster).find((one) => one.slots.split(',').some((range) => range === String(SLOT)));
    expect(step === undefined ? 'nothing' : to(step.owner, ...step.others)).toBe(wanted);
    const once = whenInDoubt(cluster).reduce((now, one) => KINDS.after(one, now), cluster);
    const mended = whenInDoubt(once).reduce((now, one) => KINDS.after(one, now), once);
    expect(mended.findings).toEqual([]);
    expect(whenInDoubt(mended)).toEqual([]);
  });

  test.each<[string, Seen]>([
    ['all is in order', { owners: [DONOR] }],
    ['nobody owns it and nobody has a key of it: it is lost', { owners: [] }],
  ])('unmended where %s', (_name, seen) => {
    expect(whenInDoubt(clusterOf(seen))).toEqual([]);
  });

  test('never both ways at once: two servers that MIGRATE to each other block', () => {
    const members = clusterOf({ owners: [DONOR] }).members.map((member) =>
      member.pod === DONOR
        ? { ...member, slots: [[0, 99] as const], holds: [{ slot: 200, keys: 1 }] }
        : member.pod === RECEIVER
          ? { ...member, slots: [[100, SLOT_COUNT - 1] as const], holds: [{ slot: 5, keys: 1 }] }
          : member,
    );
    const cluster: Cluster = { ...NOTHING, members };
    expect(whenInDoubt(cluster)).toMatchObject([{ owner: DONOR, others: [RECEIVER], slots: '5' }]);
    const then = whenInDoubt(cluster).reduce((now, one) => KINDS.after(one, now), cluster);
    expect(whenInDoubt(then)).toMatchObject([{ owner: RECEIVER, others: [DONOR], slots: '200' }]);
  });
});

function apart(cluster: Cluster, pod: string): Cluster {
  const finding: Finding = {
    code: 'node-not-known',
    weight: 'blocks',
    text: 'Not known.',
    remedy: 'Meet.',
    pods: [pod],
  };
  return { ...cluster, findings: [...cluster.findings, finding] };
}

describe('a member that others do not know', () => {
  test('is met again', () => {
    expect(whenApart(apart(clusterOf({ owners: [RECEIVER] }), RECEIVER))).toEqual([
      { kind: 'repair-address', pod: RECEIVER },
    ]);
  });

  test('is left alone while it claims slots of another: back in the cluster it might win them by its epoch', () => {
    const contested = clusterOf({ owners: [RECEIVER, THIRD] });
    expect(whenApart(apart(contested, RECEIVER))).toEqual([]);
    expect(whenApart(apart(contested, SUCCESSOR))).toEqual([{ kind: 'repair-address', pod: SUCCESSOR }]);
  });
});
