import { describe, expect, test } from '@jest/globals';
import { librariesIn } from '../../../src/migration/libraries.ts';

const FOOTER = Buffer.alloc(10, 7);
const SHORT = Buffer.concat([Buffer.from([245, 3]), Buffer.from('one')]);
const LONG = Buffer.concat([Buffer.from([245, 0x41, 0x2c]), Buffer.alloc(300, 'x')]);
const HUGE = Buffer.concat([Buffer.from([245, 0x80, 0, 0, 0x50, 0]), Buffer.alloc(20_480, 'y')]);
/** 5 bytes that are 400 once unpacked. */
const COMPRESSED = Buffer.concat([Buffer.from([245, 0xc3, 5, 0x41, 0x90]), Buffer.from('12345')]);

function payload(...libraries: Buffer[]): Buffer {
  return Buffer.concat([...libraries, FOOTER]);
}

describe('the libraries in a payload of FUNCTION DUMP', () => {
  test('are the same in any order', () => {
    const all = librariesIn(payload(SHORT, LONG, HUGE, COMPRESSED));
    expect(all?.size).toBe(4);
    expect(librariesIn(payload(COMPRESSED, HUGE, SHORT, LONG))).toEqual(all);
    expect(librariesIn(payload())).toEqual(new Set());
  });

  test('are not known where it is of another form', () => {
    expect(librariesIn(payload(Buffer.from([246, 3, 1, 2, 3])))).toBeNull();
    expect(librariesIn(payload(Buffer.from([245, 60, 1])))).toBeNull();
    expect(librariesIn(payload(Buffer.from([245])))).toBeNull();
  });
});
