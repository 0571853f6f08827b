import { grouped } from './units.ts';

/** Characters from end to end. */
const WIDTH = 12;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** In code a row of ordinary spaces may be cut or wrapped; this one stays as wide as a digit. */
const SPACE = '\u00A0';

/** A bar of fixed width for a part of the whole. Something never looks like nothing. */
export function bar(part: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, part)) * WIDTH * 8);
  const shown = part > 0 ? Math.max(1, eighths) : 0;
  const filled = '█'.repeat(Math.floor(shown / 8)) + (EIGHTHS[shown % 8] ?? '');
  return filled + '░'.repeat(WIDTH - filled.length);
}

/**
 * A number of slots and its bar as one piece of code: the number comes first, so that a font that lacks an eighth of a
 * block moves nothing but the end.
 */
export function slotBar(slots: number, scale: number): string {
  const text = slots === 0 ? '–' : grouped(slots);
  return `\`${text.padStart('16,384'.length, SPACE)} ${bar(slots / Math.max(1, scale))}\``.replaceAll(' ', SPACE);
}
