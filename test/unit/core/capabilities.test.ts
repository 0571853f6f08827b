import { describe, expect, test } from '@jest/globals';
import {
  type Capabilities,
  databasesOf,
  lackedOf,
  readCapabilities,
  unsentIn,
  unsentOf,
  wayBetween,
} from '../../../src/core/capabilities.ts';
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
const several: Capabilities = { ...valkey, databases: 'several' };
const untold: Capabilities = { ...valkey, databases: 'unknown' };

test.each<[string, Capabilities | undefined, Capabilities | undefined, string]>([
  ['two that both can', valkey, valkey, 'MIGRATESLOTS'],
  ['two that both can, of the other kind', redis, redis, 'MIGRATION'],
  ['an old donor', none, valkey, 'a runs valkey 9.1.2, which knows neither'],
  ['an old receiver', redis, none, 'b runs valkey 9.1.2, which knows neither'],
  ['a donor with several databases', several, valkey, 'a has several databases'],
  ['a donor that does not tell of databases', untold, valkey, 'a does not tell whether it has several databases'],
  ['a donor whose clients use MSETEX', { ...redis, unsent: 'used' }, redis, 'on a clients have used MSETEX'],
  ['a donor of the other kind likewise', { ...valkey, unsent: 'used' }, valkey, 'on a clients have used MSETEX'],
  ['a donor that does not tell', { ...redis, unsent: 'unknown' }, redis, 'on a it does not tell'],
  ['a receiver whose clients use it', redis, { ...redis, unsent: 'used' }, 'MIGRATION'],
  ['a receiver with several databases', valkey, several, 'MIGRATESLOTS'],
  ['two kinds', valkey, redis, 'a knows CLUSTER MIGRATESLOTS, b CLUSTER MIGRATION, and neither'],
  ['a donor that does not tell', undefined, redis, 'a does not tell what it can'],
  ['a receiver that does not tell', redis, undefined, 'b does not tell what it can'],
])('%s', (_name, donor, receiver, wanted) => {
  const way = wayBetween(party('a', donor), party('b', receiver));
  expect(way.kind === 'atomic' ? way.command : way.because).toContain(wanted);
});

test.each<[string, string | null, Capabilities['databases']]>([
  ['is obeyed', null, 'several'],
  ['is out of range', 'ERR DB index is out of range', undefined],
  ['is unknown in cluster mode', 'ERR SELECT is not allowed in cluster mode', undefined],
  ['is refused to the user', "NOPERM User topology has no permissions to run the 'select' command", 'unknown'],
])('where the choice of a second database %s, it is known whether there is one', (_name, error, databases) => {
  expect(databasesOf(error)).toEqual(databases === undefined ? {} : { databases });
});

test.each<[string, string | null, Capabilities['unsent']]>([
  ['counts some', '# Commandstats\r\ncmdstat_msetex:calls=3,usec=57,usec_per_call=19.00\r\n', 'used'],
  ['counts refused ones only', 'cmdstat_msetex:calls=0,usec=0,usec_per_call=0.00,rejected_calls=2\r\n', undefined],
  ['counts others', 'cmdstat_mset:calls=3,usec=57\r\n', undefined],
  ['does not count', null, 'unknown'],
  ['counts in an unknown form', 'cmdstat_msetex:many\r\n', 'unknown'],
])('where a server %s, it is known whether clients use MSETEX', (_name, info, unsent) => {
  expect(unsentOf(unsentIn(info))).toEqual(unsent === undefined ? {} : { unsent });
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

interface Loaded {
  readonly libraries: number;
  readonly functions?: readonly { readonly name: string; readonly digest: string }[];
}

function withLibraries(pod: string, facts: Loaded) {
  return { pod, facts: { software: 'redis', version: '8.6.3', ...facts }, capabilities: redis };
}

function loaded(...functions: readonly string[]): Loaded {
  return {
    libraries: functions.length,
    functions: functions.map((one) => ({ name: one.charAt(0), digest: one })),
  };
}

const unlisted: Loaded = { libraries: 2 };

test.each<[string, Loaded, Loaded, string | null]>([
  ['the same libraries', loaded('x1', 'y1'), loaded('y1', 'x1'), null],
  ['fewer at the receiver', loaded('x1', 'y1'), loaded('y1'), null],
  ['none at the receiver', loaded('x1'), loaded(), null],
  ['none at the receiver, and those of the donor not listed', unlisted, loaded(), null],
  ['none at the donor, which so has none to send', loaded(), loaded('x1'), null],
  ['other code', loaded('x1', 'y1'), loaded('x1', 'y2'), 'the function library y of b has other code on a'],
  ['one that the donor lacks', loaded('x1'), loaded('x1', 'z1'), 'b has the function library z, which a lacks'],
  ['those of the donor not listed', unlisted, loaded('x1'), 'b has the function library x, which a lacks or does not'],
  ['those of the receiver not listed', loaded('x1', 'y1'), unlisted, 'b has 2 function libraries and does not tell'],
])('no library of a receiver is replaced or shuts out those of the donor: %s', (_name, given, taken, because) => {
  const way = wayBetween(withLibraries('a', given), withLibraries('b', taken));
  if (because === null) expect(way).toEqual({ kind: 'atomic', command: 'MIGRATION' });
  else expect(way).toEqual({ kind: 'classic', because: expect.stringContaining(because) });
});

test('a pod that is yet to come has no libraries in the way, be those of the donor listed or not', () => {
  for (const facts of [loaded('x1'), unlisted]) {
    const donor = withLibraries('a', facts);
    expect(wayBetween(donor, donor).kind).toBe('atomic');
  }
});
