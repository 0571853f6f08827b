import { grouped } from './units.ts';

/** Characters from end to end. */
const WIDTH = 12;

/** In code a row of ordinary spaces may be cut or wrapped; this one stays as wide as a digit. */
const SPACE = '\u00A0';

/**
 * A bar of fixed width for a part of the whole, in half characters: `█`, `▌` and `░` are in every common monospace font,
 * while eighths are taken from other fonts of other widths. Something never looks like nothing.
 */
export function bar(part: number): string {
  const halves = Math.round(Math.min(1, Math.max(0, part)) * WIDTH * 2);
  const shown = part > 0 ? Math.max(1, halves) : 0;
  const filled = '█'.repeat(Math.floor(shown / 2)) + (shown % 2 === 1 ? '▌' : '');
  return filled + '░'.repeat(WIDTH - filled.length);
}

/** A number of slots and its bar as one piece of code, so that all bars begin at the same place. */
export function slotBar(slots: number, scale: number): string {
  const text = slots === 0 ? '–' : grouped(slots);
  return `\`${text.padStart('16,384'.length, SPACE)} ${bar(slots / Math.max(1, scale))}\``.replaceAll(' ', SPACE);
}
