import { OF_SLOTS, slotFindings } from '../../core/slot-findings.ts';
import { print } from '../../core/slots.ts';
import { strangerFindings } from '../../core/stranger-findings.ts';
import { isName } from '../fields.ts';
import type { StepKind } from '../kind.ts';

/** Lets every member forget a node that no pod is and that nobody needs. */
export interface Forget {
  readonly kind: 'forget';
  /** Its node id: there is no pod to name. */
  readonly node: string;
}

export const forget: StepKind<Forget> = {
  facts(step, before) {
    const stranger = before.strangers.find(({ id }) => id === step.node);
    return { [`slots of ${step.node}`]: stranger === undefined ? 'not known' : print(stranger.slots) };
  },

  after(step, before) {
    const strangers = before.strangers.filter(({ id }) => id !== step.node);
    const after = { ...before, strangers };
    const others = before.findings.filter(({ code }) => code !== 'unknown-node' && !OF_SLOTS.includes(code));
    return { ...after, findings: [...others, ...strangerFindings(after), ...slotFindings(after)] };
  },

  isDone: (step, now) => now.strangers.every(({ id }) => id !== step.node),

  covers: (approved, now) => approved.node === now.node,

  words: (step) => `Forget node ${step.node}, which is no pod`,

  rename: (step) => step,

  read({ node }) {
    return isName(node) ? { kind: 'forget', node } : null;
  },
};
