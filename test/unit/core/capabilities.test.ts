import { describe, expect, test } from '@jest/globals';
import { type Capabilities, lackedOf, readCapabilities, wayBetween } from '../../../src/core/capabilities.ts';
import type { Reply } from '../../../src/core/replies.ts';

const known: Reply = [Buffer.from('cluster|migration'), -4, [], 0, 0, 0];

describe('what COMMAND INFO tells', () => {
  test.each<[string, Reply, Capabilities]>([
    ['Redis 7.0', [null, null, null], { atomic: null, slotStats: false }],
    ['Valkey 8.1', [null, null, known], { atomic: null, slotStats: true }],
    ['Valkey 9.1', [known, null, known], { atomic: 'MIGRATESLOTS', slotStats: true }],
    ['Redis 8.6', [null, known, known], { atomic: 'MIGRATION', slotStats: true }],
  ])('of %s', (_server, reply, wanted) => {
    expect(readCapabilities(reply)).toEqual(wanted);
  });

  test.each<[string, Reply]>([
    ['nothing', null],
    ['a word', Buffer.from('OK')],
    ['too few entries', [null, null]],
    ['too many entries', [null, null, null, null]],
    ['entries that are words', [null, Buffer.from('cluster|migration'), null]],
  ])('%s tells nothing', (_name, reply) => {
    expect(readCapabilities(reply)).toBeNull();
  });
});

function party(pod: string, capabilities?: Capabilities) {
  const facts = { software: 'valkey', version: '9.1.2' };
  return capabilities === undefined ? { pod, facts } : { pod, facts, capabilities };
}

const none: Capabilities = { atomic: null, slotStats: true };
const valkey: Capabilities = { atomic: 'MIGRATESLOTS', slotStats: true };
const redis: Capabilities = { atomic: 'MIGRATION', slotStats: true };

test.each<[string, Capabilities | undefined, Capabilities | undefined, string]>([
  ['two that both can', valkey, valkey, 'MIGRATESLOTS'],
  ['two that both can, of the other kind', redis, redis, 'MIGRATION'],
  ['an old donor', none, valkey, 'a runs valkey 9.1.2, which knows neither'],
  ['an old receiver', redis, none, 'b runs valkey 9.1.2, which knows neither'],
  ['two kinds', valkey, redis, 'a knows CLUSTER MIGRATESLOTS, b CLUSTER MIGRATION, and neither'],
  ['a donor that does not tell', undefined, redis, 'a does not tell what it can'],
  ['a receiver that does not tell', redis, undefined, 'b does not tell what it can'],
])('%s', (_name, donor, receiver, wanted) => {
  const way = wayBetween(party('a', donor), party('b', receiver));
  expect(way.kind === 'atomic' ? way.command : way.because).toContain(wanted);
});

function migrating(pod: string, version: string, lacks?: readonly string[]) {
  const capabilities: Capabilities = lacks === undefined ? redis : { ...redis, lacks };
  return { pod, facts: { software: 'redis', version }, capabilities };
}

test.each<[string, ReturnType<typeof migrating>, ReturnType<typeof migrating>, string | null]>([
  ['a newer receiver', migrating('a', '8.4.1'), migrating('b', '8.6.3'), null],
  ['a receiver of another patch', migrating('a', '8.6.3'), migrating('b', '8.6.0'), null],
  ['an older receiver', migrating('a', '8.6.3'), migrating('b', '8.4.1'), 'b runs redis 8.4.1, which is older than a'],
  ['an older receiver of two digits', migrating('a', '8.10.0'), migrating('b', '8.6.3'), 'older'],
  [
    'a receiver without RESTORE',
    migrating('a', '8.6.3'),
    migrating('b', '8.6.3', ['restore']),
    'b does not know RESTORE',
  ],
  [
    'a donor without it',
    migrating('a', '8.6.3', ['xgroup|create']),
    migrating('b', '8.6.3'),
    'a does not know XGROUP CREATE',
  ],
])('slots go as a whole only where nothing of them can be refused: %s', (_name, donor, receiver, because) => {
  const way = wayBetween(donor, receiver);
  if (because === null) expect(way).toEqual({ kind: 'atomic', command: 'MIGRATION' });
  else expect(way).toEqual({ kind: 'classic', because: expect.stringContaining(because) });
});

test('a server that answers COMMAND INFO in an unknown form is taken to lack what slots are sent by', () => {
  expect(lackedOf(null)).toContain('restore');
  expect(lackedOf([known])).toContain('restore');
  expect(lackedOf(Array.from({ length: lackedOf(null).length }, () => known))).toEqual([]);
});

function withModules(pod: string, modules: readonly string[]) {
  const { facts } = party(pod);
  return { pod, facts: { ...facts, modules }, capabilities: redis };
}

test.each<[string, readonly string[], readonly string[], 'atomic' | 'classic']>([
  ['the same modules', ['json 20808'], ['json 20808'], 'atomic'],
  ['more modules at the receiver', [], ['json 20808'], 'atomic'],
  ['a module that the receiver lacks', ['json 20808'], [], 'classic'],
  ['another version of it', ['json 20808'], ['json 20400'], 'classic'],
])('no keys that a receiver may not know go as a whole: %s', (_name, given, taken, wanted) => {
  expect(wayBetween(withModules('a', given), withModules('b', taken)).kind).toBe(wanted);
});
