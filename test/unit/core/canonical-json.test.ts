import { expect, test } from '@jest/globals';
import { canonicalJson } from '../../../src/core/canonical-json.ts';

test('canonical JSON does not know the order of keys, but that of lists', () => {
  expect(canonicalJson({ b: [2, 1], a: { d: null, c: 'x' } })).toBe('{"a":{"c":"x","d":null},"b":[2,1]}');
});
