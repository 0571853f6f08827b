import { type Document, isScalar, LineCounter, parseAllDocuments, visit, type YAMLError, type YAMLMap } from 'yaml';
import type { Mistake } from '../../core/mistake.ts';
import { keyOf, Places } from './places.ts';

export type Parsed =
  | {
      readonly kind: 'value';
      readonly value: unknown;
      readonly places: Places;
      /** What is wrong with it all the same. */
      readonly mistakes: readonly Mistake[];
    }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly Mistake[] };

/** Characters; far more than 1,000 shards with slots of their own take. */
export const LONGEST = 256 * 1024;

/** As many values as there may be shards can stand behind one anchor; nested aliases come to more than that soon. */
const MOST_ALIASES = 1_000;

const SHAPE = '`version: 1`, `kubernetes:` and `shards:`';

/** Control characters, and the sign that stands for bytes that are no UTF-8. */
const NO_TEXT = /(?![\t\n\r\u0085])[\p{Cc}\uFFFD]/u;

/** The one YAML document of a file, as plain values and with the places of its parts. */
export function parseDocument(text: string, file: string): Parsed {
  const content = text.replace(/^\uFEFF/, '');
  const lineCounter = new LineCounter();
  // Keys that stand twice are found below: the parser would tell of them, but not which.
  const parsed = parseAllDocuments(content.slice(0, LONGEST), {
    lineCounter,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'silent',
  });
  const [document, second] = Array.isArray(parsed) ? parsed : [];
  if (content.length > LONGEST) return wrong(startOf(file, 'The file is longer than 256 kB.', ''));
  if (document === undefined) return wrong(startOf(file, 'The file is empty.', SHAPE));
  const places = new Places(file, content, document, lineCounter);
  const strange = NO_TEXT.exec(content);
  if (strange !== null) return wrong(noText(strange, places));
  if (document.errors.length > 0) return wrong(...syntaxMistakes(document.errors, places));
  if (second !== undefined) {
    return wrong(places.atLine(second.range[0], 'The file has several documents.', 'one document a file'));
  }
  if (document.contents === null) return wrong(startOf(file, 'The file is empty.', SHAPE));
  return contentOf(document, places);
}

function contentOf(document: Document.Parsed, places: Places): Parsed {
  const unknownAliases = aliasesWithoutAnchor(document, places);
  if (unknownAliases.length > 0) return wrong(...unknownAliases);
  const mistakes = [
    ...document.warnings.map((warning) => places.atLine(warning.pos[0], sentence(warning.message), 'a plain value')),
    ...keyMistakes(document, places),
  ];
  try {
    return { kind: 'value', value: document.toJS({ maxAliasCount: MOST_ALIASES }), places, mistakes };
  } catch {
    // An alias may have lost its anchor with a key that was taken out; that key is the mistake then.
    if (mistakes.length > 0) return wrong(...mistakes);
    // yaml refuses to expand: the "billion laughs" of nested aliases.
    return wrong(places.atValue([], 'The file repeats itself by aliases too often.', 'values written out'));
  }
}

function wrong(...mistakes: readonly Mistake[]): Parsed {
  return { kind: 'mistakes', mistakes };
}

function startOf(file: string, message: string, expected: string): Mistake {
  return { file, line: 1, column: 1, message, value: null, expected };
}

function noText(found: RegExpExecArray, places: Places): Mistake {
  const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return places.at(found.index, 'The file is not UTF-8 text.', `the character U+${code}`, 'text in UTF-8');
}

/** After its first error in a line the parser guesses: only that one is told. */
function syntaxMistakes(errors: readonly YAMLError[], places: Places): readonly Mistake[] {
  const deep = errors.find((error) => error.code === 'RESOURCE_EXHAUSTION');
  if (deep !== undefined) return [places.atLine(deep.pos[0], 'The file is nested too deeply.', SHAPE)];
  const firsts = new Map<number, Mistake>();
  for (const error of errors) {
    const line = places.lineOf(error.pos[0]);
    if (!firsts.has(line)) firsts.set(line, places.atLine(error.pos[0], sentence(error.message), 'valid YAML'));
  }
  return [...firsts.values()];
}

function sentence(message: string): string {
  return message.endsWith('.') ? message : `${message}.`;
}

function aliasesWithoutAnchor(document: Document.Parsed, places: Places): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined) return;
      const text = `The alias *${alias.source} has no anchor before it.`;
      mistakes.push(places.at(alias.range?.[0] ?? 0, text, `*${alias.source}`, `&${alias.source} on an earlier value`));
    },
  });
  return mistakes;
}

/** Takes keys that are no text, or stand there again, out of the document: what is left has one place for each key. */
function keyMistakes(document: Document.Parsed, places: Places): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  visit(document, {
    Map(_key, map) {
      mistakes.push(...keyMistakesIn(map, places));
    },
  });
  return mistakes;
}

function keyMistakesIn(map: YAMLMap, places: Places): readonly Mistake[] {
  const lines = new Map<string, number>();
  const mistakes: Mistake[] = [];
  map.items = map.items.filter((pair) => {
    const key = keyOf(pair);
    const offset = offsetOf(pair.key);
    if (!isScalar(pair.key)) {
      mistakes.push(places.atLine(offset, 'A key is not plain text.', 'a key written out'));
      return false;
    }
    const first = lines.get(key);
    if (first === undefined) {
      lines.set(key, places.lineOf(offset));
      return true;
    }
    mistakes.push(places.at(offset, `The key "${key}" already stands in line ${first}.`, key, 'each key once'));
    return false;
  });
  return mistakes;
}

function offsetOf(key: unknown): number {
  if (typeof key !== 'object' || key === null || !('range' in key) || !Array.isArray(key.range)) return 0;
  return Number(key.range[0]);
}
