/** Version and checksum at the end of a payload of FUNCTION DUMP: two and eight bytes. */
export const FOOTER = 10;

/** RDB_OPCODE_FUNCTION2 of rdb.h: before each library. */
const LIBRARY = 245;

/**
 * The libraries in a payload of FUNCTION DUMP, each as it is packed there: servers give them in any order, so payloads of the same
 * libraries need not be the same. Null where it is not of that form.
 */
export function librariesIn(payload: Buffer): ReadonlySet<string> | null {
  const found = new Set<string>();
  const end = payload.length - FOOTER;
  let at = 0;
  while (at < end) {
    const size = payload[at] === LIBRARY ? sizeAt(payload, at + 1) : null;
    if (size === null || at + 1 + size > end) return null;
    found.add(payload.toString('latin1', at + 1, at + 1 + size));
    at += 1 + size;
  }
  return found;
}

/** Bytes of a string of RDB with its length in front (rdbSaveRawString); null: none begins there. */
function sizeAt(payload: Buffer, at: number): number | null {
  const COMPRESSED = 0xc3;
  if (payload[at] !== COMPRESSED) {
    const length = lengthAt(payload, at);
    return length === null ? null : length.bytes + length.value;
  }
  // The compressed and the whole length, then the compressed text.
  const packed = lengthAt(payload, at + 1);
  const whole = packed === null ? null : lengthAt(payload, at + 1 + packed.bytes);
  return packed === null || whole === null ? null : 1 + packed.bytes + whole.bytes + packed.value;
}

/** A length takes one, two or five bytes, as the first two bits say. */
function lengthAt(payload: Buffer, at: number): { readonly bytes: number; readonly value: number } | null {
  const first = payload[at];
  if (first === undefined) return null;
  if (first < 0x40) return { bytes: 1, value: first };
  if (first < 0x80) return at + 2 > payload.length ? null : { bytes: 2, value: payload.readUInt16BE(at) & 0x3f_ff };
  return first === 0x80 && at + 5 <= payload.length ? { bytes: 5, value: payload.readUInt32BE(at + 1) } : null;
}
