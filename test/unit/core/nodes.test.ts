import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { addressOf, type KnownLines, parseNodes } from '../../../src/core/nodes.ts';
import { print } from '../../../src/core/slots.ts';
import { FIXTURE_SERVERS, fixture } from '../../support/fixtures.ts';

const ID = 'a'.repeat(40);
const PEER = 'b'.repeat(40);

describe.each([...FIXTURE_SERVERS])('what %s prints', (server) => {
  const read = (name: string) => parseNodes(fixture(server, name), name);

  test('a fresh node knows only itself and owns nothing', () => {
    const view = read('nodes-fresh');
    expect(view.others).toEqual([]);
    expect(view.open).toEqual([]);
    expect(view.me).toMatchObject({ ip: '127.0.0.1', role: 'primary', primary: null, slots: [], configEpoch: 0 });
  });

  test('open slots are read from the own line, apart from the slots owned', () => {
    const view = read('nodes-open');
    const owner = (slots: string) => view.others.find((line) => print(line.slots) === slots)?.id;
    expect(print(view.me.slots)).toBe('0-5460');
    expect(view.open).toEqual([
      { slot: 0, state: 'migrating', peer: owner('5461-10922') },
      { slot: 16_383, state: 'importing', peer: owner('10923-16383') },
    ]);
    expect(view.others.map((line) => line.role).toSorted()).toEqual([
      'primary',
      'primary',
      ...Array(3).fill('replica'),
    ]);
  });

  test('a replica names its primary', () => {
    const view = read('nodes-replica');
    const primary = view.others.find((line) => line.id === view.me.primary);
    expect(view.me.role).toBe('replica');
    expect(print(primary?.slots ?? [])).toBe('0-5460');
  });

  test('a node that was only met is in handshake', () => {
    const view = read('nodes-handshake');
    expect(view.others).toMatchObject([{ handshake: true, connected: false }]);
  });

  test('a node that a majority holds for failed is failed and has no link', () => {
    const failed = read('nodes-failed').others.filter((line) => line.health !== 'ok');
    expect(failed).toMatchObject([{ health: 'failed', connected: false, role: 'replica' }]);
  });

  test('host names are read where the server has them', () => {
    expect(read('nodes-open').me.hostname).toBe(server.startsWith('redis-6') ? null : 'redis.cache.svc');
  });
});

const line = (place: string, flags: string, rest: string) => `${ID} ${place} ${flags} - 0 0 3 connected${rest}\n`;

test.each([
  ['IPv4', '10.0.0.7:6379@16379', '10.0.0.7:6379@16379'],
  ['IPv6', 'fd00::7:6379@16379', 'fd00::7:6379@16379'],
  ['no address yet', ':6379@16379', ':6379@16379'],
  ['no bus port (Redis 3)', '10.0.0.7:6379', '10.0.0.7:6379@16379'],
  ['an empty host name', '10.0.0.7:6379@16379,', '10.0.0.7:6379@16379'],
  ['further fields', '10.0.0.7:6379@16379,name,shard-id=abc', '10.0.0.7:6379@16379'],
])('addresses: %s', (_name, place, wanted) => {
  expect(addressOf(parseNodes(line(place, 'myself,master', ''), 'CLUSTER NODES').me)).toBe(wanted);
});

test('slots in any order become one normal set', () => {
  const { me } = parseNodes(line(':1@2', 'myself,master', ' 5 7-9 6 100-200'), 'CLUSTER NODES');
  expect(print(me.slots)).toBe('5-9,100-200');
});

test.each([
  ['suspected', 'master,fail?', 'suspected'],
  ['failed', 'master,fail', 'failed'],
  ['in doubt of neither', 'slave,nofailover', 'ok'],
])('health: %s', (_name, flags, health) => {
  const text = line(':1@2', 'myself,master', '') + line('10.0.0.8:1@2', flags, '').replaceAll(ID, PEER);
  expect(parseNodes(text, 'CLUSTER NODES').others).toMatchObject([{ health }]);
});

const good = line('10.0.0.7:6379@16379', 'myself,master', ' 0-5');

test.each([
  ['nothing', ''],
  ['an empty line', '\n'],
  ['cut in the middle of the slots', good.slice(0, -3)],
  ['cut before the link state', `${good.split(' ').slice(0, 7).join(' ')}\n`],
  ['no own line', good.replace('myself,', '')],
  ['two own lines', good + good],
  ['an id that is none', good.replace(ID, 'zz')],
  ['an address that is none', good.replace('10.0.0.7:6379@16379', 'nowhere')],
  ['a slot that does not exist', good.replace('0-5', '0-16384')],
  ['slots from high to low', good.replace('0-5', '5-0')],
  ['words for slots', good.replace('0-5', 'all')],
  ['an open slot without a node', good.replace('0-5', '0-5 [7->-]')],
  ['an open slot that does not exist', good.replace('0-5', `0-5 [16384->-${PEER}]`)],
  ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['more nodes than any cluster has', good + line(':1@2', 'master', '').repeat(6_000)],
])('%s is refused in words', (_name, text) => {
  let thrown: unknown = null;
  try {
    parseNodes(text, 'CLUSTER NODES of redis-cluster-3');
  } catch (caught) {
    thrown = caught;
  }
  expect(thrown).toBeInstanceOf(Failure);
  expect(thrown).toMatchObject({ code: 'redis-error', message: expect.stringContaining('redis-cluster-3') });
  expect(String(thrown).length).toBeLessThan(400);
});

const printed = (id: string, flags: string, times: string, more = '') =>
  `${id} 10.0.0.1:6379@16379 ${flags} - ${times} 1 connected${more}\n`;

describe('lines that several nodes print', () => {
  const known: KnownLines = new Map();
  const peer = (text: string) =>
    parseNodes(`${printed(ID, 'myself,master', '0 0')}${text}`, 'CLUSTER NODES', known).others[0];
  const first = peer(printed(PEER, 'master', '100 200', ' 0-99'));

  test('are read once where they differ only in when the node was heard of', () => {
    expect(peer(printed(PEER, 'master', '300 400', ' 0-99'))).toBe(first);
  });

  test.each([
    ['its flags', printed(PEER, 'master,fail?', '100 200', ' 0-99'), { health: 'suspected' }],
    ['its slots', printed(PEER, 'master', '100 200', ' 0-98'), { slots: [[0, 98]] }],
    ['its address', printed(PEER, 'master', '100 200', ' 0-99').replace('10.0.0.1', '10.0.0.2'), { ip: '10.0.0.2' }],
  ])('are read anew where they differ in %s', (_what, text, expected) => {
    expect(peer(text)).toMatchObject(expected);
  });

  test('a host name of `myself` makes no line the own one', () => {
    const text = printed(PEER, 'master', '100 200').replace('@16379', '@16379,myself');
    expect(peer(text)).toMatchObject({ id: PEER, hostname: 'myself' });
  });
});
