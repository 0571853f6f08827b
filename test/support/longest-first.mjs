import TestSequencer from '@jest/test-sequencer';

/**
 * Files that take minutes, the longest first: begun late, each would keep one worker busy while the others have nothing left to do.
 * On a machine that has not run them yet Jest only knows their size, which says nothing. A file that is missing here
 * comes after these, as Jest has it.
 */
const LONGEST = [
  'e2e/disturbed',
  'e2e/life-cycle',
  'chaos/chaos',
  'e2e/data',
  'e2e/interrupted',
  'e2e/updated',
  'e2e/refusals',
  'kubernetes/steps',
  'e2e/modules',
  'servers/reach/data',
  'servers/repair-slots',
  'servers/reach/versions',
  'servers/migration/losses',
  'servers/migration/lost-in-between',
  'servers/migration/classic-errors',
  'servers/migration/atomic',
  'servers/move-slots',
  'servers/migration/killed',
].map((name) => `/test/${name}.test.ts`);

export default class LongestFirst extends TestSequencer {
  sort(tests) {
    return super.sort(tests).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ path }) {
  const place = LONGEST.findIndex((name) => path.endsWith(name));
  return place < 0 ? LONGEST.length : place;
}
