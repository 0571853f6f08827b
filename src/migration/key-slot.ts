import { SLOT_COUNT } from '../core/slots.ts';

/** CRC-16/XMODEM (polynomial 0x1021, start 0), which Redis Cluster maps keys to slots with (cluster-spec). */
function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc;
}

/** A word whose hash slot is `slot`: the smallest number that, in base 36, falls into it. Tries 16,384 on average. */
export function wordInSlot(slot: number): string {
  for (let number = 0; ; number += 1) {
    const word = number.toString(36);
    if (crc16(word) % SLOT_COUNT === slot) return word;
  }
}
