import { isList, type Reply } from './replies.ts';

/** A library of functions as FUNCTION LIST WITHCODE shows it. */
export interface Library {
  readonly name: string;
  /** One character a byte: it need not be text. */
  readonly code: string;
}

/** The same as far as it is kept: two of one name are alike where their digests are. */
export interface LibraryFact {
  readonly name: string;
  readonly digest: string;
}

/** Null: not as servers answer FUNCTION LIST WITHCODE; a fork may. */
export function librariesIn(reply: Reply): readonly Library[] | null {
  if (!isList(reply)) return null;
  const libraries = reply.map(libraryIn);
  return libraries.every((one) => one !== null) ? libraries : null;
}

function libraryIn(entry: Reply): Library | null {
  if (!isList(entry)) return null;
  // Names and values in turn: a library may be called as a field is.
  const field = (name: string): Reply =>
    entry[entry.findIndex((one, i) => i % 2 === 0 && String(one) === name) + 1] ?? null;
  const [name, code] = [field('library_name'), field('library_code')];
  return Buffer.isBuffer(name) && Buffer.isBuffer(code)
    ? { name: name.toString(), code: code.toString('latin1') }
    : null;
}
