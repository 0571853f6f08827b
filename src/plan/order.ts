import type { Topology } from '../core/topology.ts';
import { whenMissing } from '../steps/apply-manifests/when.ts';
import { whenLost, whenNeverOwned } from '../steps/assign-slots/when.ts';
import { whenThere } from '../steps/delete-resources/when.ts';
import { whenAbsent, whenScaledDown } from '../steps/delete-volumes/when.ts';
import { whenAnotherLeads } from '../steps/fail-over/when.ts';
import { whenGone, whenNowhere } from '../steps/forget/when.ts';
import type { Step } from '../steps/index.ts';
import { whenBlank } from '../steps/join/when.ts';
import type { Repair, When } from '../steps/kind.ts';
import { whenOwnedElsewhere } from '../steps/move-slots/when.ts';
import { whenHalfRemoved, whenLeaving, whenRebornNeeded, whenRebornUnneeded } from '../steps/remove/when.ts';
import { whenApart } from '../steps/repair-address/when.ts';
import { whenInDoubt } from '../steps/repair-slots/when.ts';
import { whenLinkIsOutdated, whenNobodyLacks, whenOneLags, whenSomeMustLack } from '../steps/replicate/when.ts';
import { whenTooFew, whenTooMany } from '../steps/scale/when.ts';
import { whenNotReady, whenStarting } from '../steps/wait-for-pods/when.ts';

export interface Question {
  readonly when: When<Step>;
  /** Whether its steps may leave a shard with fewer replicas than declared, for want of another way. */
  readonly lowersRedundancy?: true;
}

/**
 * What makes a cluster whole that was found half broken, in this order, before anything else is done to it: nodes reach
 * each other, then those that are gone are forgotten, then every slot has one owner that holds its keys.
 */
export const REPAIRS: readonly Repair<Step>[] = [whenApart, whenGone, whenInDoubt];

/** The kinds of step that they ask for. */
export const REPAIRING: readonly Step['kind'][] = ['repair-address', 'forget', 'repair-slots'];

/** What lets pods come back on their volumes: no more is asked before they are seen. */
export const RETURNING: readonly Question[] = [{ when: whenMissing }, { when: whenTooFew }, { when: whenStarting }];

/**
 * The questions in the order in which they are asked: whole, safe, placed, balanced, then what is left over. What comes
 * first is done first wherever it can be, so that replicas are attached before slots arrive, and nothing is taken away
 * before all that stays has its place.
 */
export const QUESTIONS: Readonly<Record<Topology['state'], readonly Question[]>> = {
  present: [
    { when: whenMissing },
    { when: whenStarting },
    ...REPAIRS.map((when) => ({ when })),
    { when: whenTooFew },
    { when: whenNotReady },
    { when: whenHalfRemoved },
    { when: whenNowhere },
    { when: whenBlank },
    { when: whenNeverOwned },
    { when: whenLost },
    { when: whenLinkIsOutdated },
    { when: whenAnotherLeads },
    { when: whenNobodyLacks },
    { when: whenRebornUnneeded },
    { when: whenOwnedElsewhere },
    { when: whenSomeMustLack, lowersRedundancy: true },
    { when: whenRebornNeeded, lowersRedundancy: true },
    { when: whenOneLags },
    { when: whenLeaving },
    { when: whenTooMany },
    { when: whenScaledDown },
  ],
  absent: [{ when: whenThere }, { when: whenAbsent }],
};
