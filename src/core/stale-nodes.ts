import type { NodeAnswer } from './node-report.ts';
import { isEmpty, minus, type SlotSet, union } from './slots.ts';

/**
 * Pods whose servers came back on an old volume and hold nothing, with the slots that they claim by it: primaries that were part of
 * a cluster, that nobody knows any more, without a key, and whose slots others own by now. Nothing is lost with what they claim.
 */
export function staleClaims(answers: readonly NodeAnswer[]): ReadonlyMap<string, SlotSet> {
  const candidates = answers.filter((answer) => {
    const { me, others } = answer.view;
    const mayBe = me.role === 'primary' && !isEmpty(me.slots) && answer.info.keys === 0 && others.length > 0;
    return mayBe && !answers.some((other) => other !== answer && isKnownTo(other, me.id));
  });
  const owned = union(...answers.filter((answer) => !candidates.includes(answer)).map(({ view }) => view.me.slots));
  const stale = candidates.filter(({ view }) => isEmpty(minus(view.me.slots, owned)));
  return new Map(stale.map(({ pod, view }) => [pod, view.me.slots]));
}

function isKnownTo({ view }: NodeAnswer, id: string): boolean {
  return view.me.id === id || view.others.some((line) => line.id === id && !line.handshake);
}

/** The same answer without what an old volume made the server believe. */
export function withoutPast(answer: NodeAnswer): NodeAnswer {
  const { me } = answer.view;
  return { ...answer, view: { me: { ...me, slots: [] }, others: [], open: [] } };
}
