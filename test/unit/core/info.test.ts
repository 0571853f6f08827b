import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { parseFields, parseInfo } from '../../../src/core/info.ts';
import { FIXTURE_SERVERS, fixture } from '../../support/fixtures.ts';

describe.each([...FIXTURE_SERVERS])('what %s prints', (server) => {
  test('a primary', () => {
    const info = parseInfo(fixture(server, 'info-primary'), 'INFO');
    expect(`${info.software}-${info.version}`.startsWith(server)).toBe(true);
    expect(info).toMatchObject({
      clusterMode: true,
      loading: false,
      role: 'primary',
      keys: 1,
      maxMemory: 0,
      evictionPolicy: 'noeviction',
      appendOnly: false,
      linkUp: true,
      copying: false,
      appendFailed: false,
      saveFailed: false,
      goodReplicas: null,
    });
    expect(info.uncounted).toBeGreaterThanOrEqual(0);
    expect(info.memory).toBeGreaterThan(info.dataset);
    expect(info.offset).toBeGreaterThan(0);
    expect(info.dataset).toBeGreaterThanOrEqual(0);
  });

  test('a replica', () => {
    const info = parseInfo(fixture(server, 'info-replica'), 'INFO');
    expect(info).toMatchObject({ role: 'replica', linkUp: true, copying: false });
  });

  test('the state of the cluster', () => {
    expect(parseFields(fixture(server, 'cluster-info')).get('cluster_state')).toBe('ok');
  });
});

const [anyServer = ''] = FIXTURE_SERVERS;
const replica = fixture(anyServer, 'info-replica');
const primary = fixture(anyServer, 'info-primary');

test.each([
  ['a link that is down', 'master_link_status:up', 'master_link_status:down', { linkUp: false }],
  ['a full copy under way', 'master_sync_in_progress:0', 'master_sync_in_progress:1', { copying: true }],
])('a replica with %s', (_name, from, to, wanted) => {
  expect(parseInfo(replica.replace(from, to), 'INFO')).toMatchObject(wanted);
});

test.each([
  ['a snapshot that failed', 'rdb_last_bgsave_status:ok', 'rdb_last_bgsave_status:err', { saveFailed: true }],
  ['a file that cannot be written', 'aof_last_write_status:ok', 'aof_last_write_status:err', { appendFailed: true }],
  [
    'replicas without which it takes no writes',
    '# Replication',
    '# Replication\r\nmin_slaves_good_slaves:1',
    { goodReplicas: 1 },
  ],
])('a primary with %s', (_name, from, to, wanted) => {
  const appending = primary.replace('aof_enabled:0', 'aof_enabled:1');
  expect(appending).toContain(from);
  expect(parseInfo(appending.replace(from, to), 'INFO')).toMatchObject(wanted);
});

test('lines that are no field, as of a module or a fork, are passed over', () => {
  const odd = ['Copyright of the vendor', ':', '', '  ', '# A heading: of its own'].join('\r\n');
  const text = primary.replace(/^# Memory/m, `${odd}\r\n# Memory`);
  expect(text).not.toBe(primary);
  expect(parseInfo(text, 'INFO')).toEqual(parseInfo(primary, 'INFO'));
});

test('modules are named with their versions, but not the engine of scripts that Valkey has built in', () => {
  const modules = ['module:name=tally,ver=2,api=1,filters=0', 'module:name=lua,ver=1,api=1,filters=0'].join('\r\n');
  expect(parseInfo(`${primary}\r\n# Modules\r\n${modules}`, 'INFO').modules).toEqual(['tally 2']);
});

test('keys of all databases are counted', () => {
  const text = primary.replace(/db0:.*/, 'db0:keys=12,expires=1,avg_ttl=0\r\ndb3:keys=30,expires=0,avg_ttl=0');
  expect(parseInfo(text, 'INFO').keys).toBe(42);
});

test.each([
  ['nothing', ''],
  ['no version', primary.replaceAll(/^(redis|valkey)_version.*$/gm, '')],
  ['no memory', primary.replace(/^used_memory:.*$/m, '')],
  ['words for a number', primary.replace(/^used_memory:.*$/m, 'used_memory:much')],
  ['a number of absurd length', primary.replace(/^used_memory:.*$/m, `used_memory:${'9'.repeat(400)}`)],
  ['keys that are not counted', primary.replace(/^db0:.*$/m, 'db0:keys=many')],
  ['another protocol', 'HTTP/1.1 400 Bad Request'],
])('%s is refused in words', (_name, text) => {
  expect(() => parseInfo(text, 'INFO of redis-cluster-3')).toThrow(Failure);
  expect(() => parseInfo(text, 'INFO of redis-cluster-3')).toThrow('INFO of redis-cluster-3');
});
