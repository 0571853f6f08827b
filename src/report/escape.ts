/** Between @ and a name, so that nobody is notified; it has no width. */
const NO_MENTION = '\u200B';

/**
 * Text from outside (names, server replies, Kubernetes messages) for a place inside Markdown: one line, no HTML, no
 * links, images, mentions, references to issues, or table cells of its own.
 */
export function cell(text: string): string {
  return text
    .replaceAll(/[\r\n\t]+/g, ' ')
    .replaceAll(CONTROL, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]|~]/g, (mark) => `\\${mark}`)
    .replaceAll('@', `@${NO_MENTION}`)
    .replaceAll(/(^|\s)#(?=\d)/g, `$1#${NO_MENTION}`)
    .replaceAll('://', `:${NO_MENTION}//`);
}

/** Our own sentences, in which `words in backticks` stay code and the rest is made safe. */
export function prose(text: string): string {
  return text
    .split(/(`[^`\r\n]*`)/)
    .map((part, i) => (i % 2 === 1 ? code(part.slice(1, -1)) : cell(part)))
    .join('');
}

/** Inline code. */
export function code(text: string): string {
  const clean = text
    .replaceAll(/[\r\n\t]+/g, ' ')
    .replaceAll(CONTROL, '')
    .replaceAll('`', "'")
    .replaceAll('|', '¦');
  return `\`${clean}\``;
}

/** Control characters, but for tabs and ends of lines. */
const CONTROL = /[^\P{Cc}\t\n]/gu;
