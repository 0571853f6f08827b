import { expect, test } from '@jest/globals';
import { noteOf, readNote } from '../../../src/commands/note.ts';
import { steps } from '../../../src/plan/plan.ts';
import { planFor } from '../plan/named-case.ts';

/** Of all annotations of an object, as Kubernetes validates them. */
const MOST_OF_KUBERNETES = 262_144;

test.each([1, 1_000])(
  'the note of a plan of %i times as many steps can be read again, and Kubernetes takes it',
  (times) => {
    const plan = planFor('weights');
    const stages = Array.from({ length: times }, () => plan.stages).flat();
    const long = { ...plan, stages };
    const note = noteOf(long);
    expect(note.length).toBeLessThan(MOST_OF_KUBERNETES);
    expect(readNote(note)).toEqual({ hash: plan.hash, unbound: plan.unbound, steps: steps(long) });
  },
);

test.each(['', 'words', '{"hash": "0123"}', 'eJwDAAAAAAE='])('what is no note is none: %s', (text) => {
  expect(readNote(text)).toBeNull();
});
