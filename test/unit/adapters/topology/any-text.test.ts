import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { readTopology } from '../../../../src/adapters/topology/read.ts';
import { podCount } from '../../../../src/core/topology.ts';

/** Pieces that mean something to YAML or to the schema, in any order. */
const PIECES = [
  'version: 1',
  'kubernetes:',
  'statefulSet: a',
  'shards:',
  '- weight: 1',
  '- slots: 0-99',
  'slots: "',
  'state: absent',
  '\n',
  '\n  ',
  '\n\t',
  ' ',
  '---',
  '...',
  '&a',
  '*a',
  '!!binary',
  '!x',
  '<<: *a',
  '{',
  '}',
  '[',
  ']',
  '? ',
  ': ',
  '- ',
  '#',
  '|',
  '>',
  '"',
  "'",
  '%YAML 1.1',
  '\u0000',
  '\uFEFF',
  '\uFFFD',
  '\u2028',
  '😀',
  '1e999',
  '0x10',
  '-1',
  '~',
  'null',
  '__proto__: 1',
];

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join('')),
);

/** Values of any form where the schema wants values of its own. */
const file = fc.record(
  {
    version: fc.constantFrom(1, 1, 1, 2),
    kubernetes: fc.record({ statefulSet: fc.constantFrom('a', 'b', 'c', null) }),
    shards: fc.oneof(
      fc.integer({ min: -1, max: 1200 }),
      fc.array(
        fc.oneof(
          fc.record({ weight: fc.oneof(fc.float(), fc.integer({ min: 1, max: 9 })) }),
          fc.record({
            slots: fc.oneof(
              fc.integer({ min: -5, max: 17_000 }),
              fc.string({ unit: fc.constantFrom('0', '1', '9', '-', ',', ' ') }),
            ),
          }),
        ),
        { maxLength: 6 },
      ),
    ),
    replicasPerShard: fc.integer({ min: -1, max: 5 }),
  },
  { requiredKeys: ['kubernetes'] },
);

describe('whatever a file holds', () => {
  test('reading it ends with a topology or with mistakes that have a place in it', () => {
    fc.assert(
      fc.property(text, (content) => {
        const read = readTopology(content, 'topology.yaml');
        if (read.kind === 'topology') return;
        const lines = content.split('\n').length;
        expect(read.mistakes.length).toBeGreaterThan(0);
        for (const { line, column, message } of read.mistakes) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(message).toMatch(/[.?]$/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('a topology that is read has shards, slots for each of them, and no more pods than a cluster may have', () => {
    let topologies = 0;
    fc.assert(
      fc.property(file, (value) => {
        const read = readTopology(stringify({ version: 1, ...value }), 'topology.yaml');
        if (read.kind === 'mistakes') return;
        topologies += 1;
        expect(read.topology.shards.length).toBeGreaterThan(0);
        expect(podCount(read.topology)).toBeLessThanOrEqual(1000);
        for (const share of read.topology.shards) {
          expect(share.kind === 'weight' ? share.weight : share.slots.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 500 },
    );
    expect(topologies).toBeGreaterThan(10);
  });
});
