import { count, print, type SlotSet } from './slots.ts';

/** `a`, `a and b`, `a, b and c`; from the seventh on they are counted. */
export function listed(names: readonly string[]): string {
  if (names.length > 6) return `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** `slot 7`, `slots 0-99,200 (101 slots)` */
export function slotsInWords(slots: SlotSet): string {
  const n = count(slots);
  if (n === 1) return `slot ${print(slots)}`;
  return `slots ${firstSlots(print(slots), 60)} (${counted(n, 'slot')})`;
}

/** Of a list of slots, as `print` writes it, the ranges that have room: half a number would be another slot. */
export function firstSlots(slots: string, most: number): string {
  return slots.length <= most ? slots : `${slots.slice(0, slots.lastIndexOf(',', most))},…`;
}

/** 1,365 */
export function grouped(n: number): string {
  return String(Math.round(n)).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** 1 shard · 3 shards · 2 primaries */
export function counted(n: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(n)} ${n === 1 ? noun : plural}`;
}

/**
 * `3 keys`, `about 20,000 keys`: findings are compared from look to look, and a number that traffic changes would make each another
 * one.
 */
export function keysInWords(keys: number): string {
  if (keys === 1) return '1 key';
  if (keys < 10) return `${keys} keys`;
  const size = 10 ** Math.floor(Math.log10(keys));
  return `about ${grouped(Math.round(keys / size) * size)} keys`;
}
