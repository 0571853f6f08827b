import { expect, test } from '@jest/globals';
import { isAuthRefusal, meaningOf } from '../../../src/core/server-errors.ts';

test.each([
  ['MOVED 866 10.0.0.7:6379', 'moved'],
  ['ASK 866 10.0.0.7:6379', 'ask'],
  ['TRYAGAIN Multiple keys request during rehashing of slot', 'try-again'],
  ['CLUSTERDOWN Hash slot not served', 'cluster-down'],
  ['NOREPLICAS Not enough good replicas to write.', 'no-replicas'],
  ['BUSYKEY Target key name already exists.', 'busy-key'],
  ['IOERR error or timeout reading to target instance', 'io-error'],
  ['LOADING Redis is loading the dataset in memory', 'loading'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'out-of-memory'],
  ['NOAUTH Authentication required.', 'not-authenticated'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'not-authenticated'],
  ["NOPERM User app has no permissions to run the 'cluster|nodes' command", 'no-permission'],
  ['ERR This instance has cluster support disabled', 'not-cluster-mode'],
  ["ERR unknown command 'CONFIG', with args beginning with: 'GET' 'save' ", 'unknown-command'],
  ["ERR I don't know about node aaaa", 'unknown-node'],
  ['ERR Unknown node aaaa', 'unknown-node'],
  ["ERR I'm already the owner of hash slot 5", 'already-owner'],
  ['ERR Please use SETSLOT only with masters.', 'only-primaries'],
  ['ERR Target node is not a master', 'target-no-primary'],
  ['ERR Target instance replied with error: OOM command not allowed', 'out-of-memory'],
  ['ERR Target instance replied with error: -BUSYKEY Target key name already exists.', 'busy-key'],
  ['ERR Target instance replied with error: ERR DUMP payload version or checksum are wrong', 'newer-payload'],
  ['ERR Target instance replied with error: ERR Bad data format', 'unknown-type'],
  ['ERR something that nobody has seen', 'other'],
  ['', 'other'],
])('%s', (error, meaning) => {
  expect(meaningOf(error)).toBe(meaning);
});

test('a password for a server that has none is refused: MIGRATE would fail on it later', () => {
  expect(isAuthRefusal('ERR AUTH <password> called without any password configured for the default user.')).toBe(true);
  expect(isAuthRefusal('ERR Client sent AUTH, but no password is set')).toBe(true);
  expect(isAuthRefusal('ERR invalid password')).toBe(true);
});
