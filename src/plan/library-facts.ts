import type { Library, LibraryFact } from '../core/libraries.ts';
import { digest } from './fingerprint.ts';

/** By name, so that the same libraries are always the same value. */
export function factsOf(libraries: readonly Library[]): readonly LibraryFact[] {
  return libraries
    .map(({ name, code }) => ({ name, digest: digest(code) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
