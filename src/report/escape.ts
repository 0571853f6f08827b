/** Put between characters so that GitHub makes nothing of them; it has no width. */
const NOTHING = '\u200B';

/**
 * Text from outside (names, server replies, Kubernetes messages) for a place inside Markdown: one line, no HTML, no
 * headings or lists, links, images, mentions, references to issues, emoji, formulas, or table cells of its own.
 */
export function cell(text: string): string {
  return oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]|~$]/g, (mark) => `\\${mark}`)
    .replace(/^\s*([#+=-])/, '\\$1')
    .replace(/^(\s*\d+)([.)])/, '$1\\$2')
    .replaceAll('@', `@${NOTHING}`)
    .replaceAll(/#(?=\d)/g, `#${NOTHING}`)
    .replaceAll(/\b(GH-)(?=\d)/gi, `$1${NOTHING}`)
    .replaceAll(/:(?=[\w+-]+:)/g, `:${NOTHING}`)
    .replaceAll('://', `:${NOTHING}//`)
    .replaceAll(/\b(www)\./gi, `$1${NOTHING}.`);
}

/** Our own sentences, in which `words in backticks` stay code and the rest is made safe. */
export function prose(text: string): string {
  return text
    .split(/(`[^`\r\n]*`)/)
    .map((part, i) => (i % 2 === 1 ? code(part.slice(1, -1)) : cell(part)))
    .join('');
}

/** Inline code, in a table or out of it: where Markdown would end it or the cell, a character that looks alike stands. */
export function code(text: string): string {
  const clean = oneLine(text).replaceAll('`', "'").replaceAll('|', '¦').trim();
  return clean === '' ? '' : `\`${clean}\``;
}

/** A line inside a fence of backticks, which it cannot end. */
export function fenced(line: string): string {
  return oneLine(line).replaceAll('```', "'''");
}

/**
 * At most so many characters, with a sign where some are left out. Between words: a half of one would not be known for the secret that it may be of, when those are
 * taken out later on.
 */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${/^[\s\S]*\s(?=\S*$)/.exec(text.slice(0, most))?.[0].trimEnd() ?? ''}…`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\t\u2028\u2029]+/g, ' ').replaceAll(UNSEEN, '');
}

/** Control characters, and those that turn the direction of what follows. */
const UNSEEN = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu;
