import { type Keys, type Kinds, text, type Words, type Write, write } from './write.ts';

const SCRIPT = `
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], redis.call('LLEN', KEYS[1]))
if redis.call('LLEN', KEYS[1]) > 9 then redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[3], ARGV[1], 'EX', 3600)
return redis.call('INCRBYFLOAT', KEYS[4], 0.3)`;

/** What a server that is to answer FCALL `written` has to be given first. */
export const WRITING_LIBRARY = `#!lua name=writes
redis.register_function('written', function(keys, args)
  redis.call('ZADD', keys[1], args[1], args[2])
  redis.call('SADD', keys[2], args[2])
  return redis.call('SPOP', keys[3])
end)`;

/** Scripts, functions, transactions, commands that wait, keys that grow, and such as are soon gone. */
export const OTHER_WRITES: Kinds = {
  eval: (k) => write('EVAL', SCRIPT, 4, k.key('list'), k.key('hash'), k.key('string'), k.key('float'), text(k.chance)),
  fcall: (k) => write('FCALL', 'written', 3, k.key('zset'), k.key('set'), k.key('no set'), 7, text(k.chance)),
  multi: (k) => ({ words: transaction(k) }),
  blpop: (k) => waiting(k, 'waited list', (key) => ['BLPOP', key, WAIT], 'RPUSH'),
  blmove: (k) => waiting(k, 'waited list', (key) => ['BLMOVE', key, k.key('list'), 'LEFT', 'RIGHT', WAIT], 'RPUSH'),
  brpoplpush: (k) => waiting(k, 'waited list', (key) => ['BRPOPLPUSH', key, k.key('list'), WAIT], 'LPUSH'),
  blmpop: (k) => waiting(k, 'waited list', (key) => ['BLMPOP', WAIT, 1, key, 'LEFT', 'COUNT', 2], 'LPUSH'),
  bzpopmin: (k) => waiting(k, 'waited zset', (key) => ['BZPOPMIN', key, WAIT], 'ZADD', 3),
  'set:large': (k) => write('SET', k.key('large'), large(k)),
  'append:large': (k) => write('APPEND', k.key('large'), large(k).subarray(0, 50_000)),
  'setrange:large': (k) => write('SETRANGE', k.key('large'), k.chance.between(0, 900_000), text(k.chance)),
  'restore:replace': (k) => write('RESTORE', k.key('restored'), 0, k.dumped, 'REPLACE'),
  'restore:ttl': (k) => write('RESTORE', k.key('restored'), 4_102_444_800_000, k.dumped, 'REPLACE', 'ABSTTL'),
  'set:brief': (k) => write('SET', k.key('brief'), text(k.chance), 'PX', k.chance.between(1, 200)),
  'set:overwritten': (k) => write('SET', k.key('overwritten'), text(k.chance), 'PX', k.chance.between(1, 60)),
  'set:kept': (k) => write('SET', k.key('overwritten'), text(k.chance)),
};

/** Seconds: longer than any slot is on its way. */
const WAIT = 30;

function large({ chance }: Keys): Buffer {
  return Buffer.alloc(1_000_000, text(chance));
}

function transaction(k: Keys): readonly Words[] {
  const [value, key] = [text(k.chance), k.key('set')];
  const all: readonly Words[] = [
    ['SET', k.key('string'), value, 'EX', 7_200],
    ['INCRBYFLOAT', k.key('float'), 0.1],
    ['SADD', key, value],
    ['LPUSH', k.key('list'), value],
    ['HSET', k.key('hash'), 'in a transaction', value],
    ['ZADD', k.key('zset'), 'GT', 5, value],
    ['GETDEL', k.key('string')],
    ['DEL', k.key('list'), key],
  ];
  return k.chance.shuffled(all).slice(0, k.chance.between(2, 6));
}

/** The key is empty at first, so that the one client waits, or finds what the other has pushed meanwhile. */
function waiting(k: Keys, kind: string, waits: (key: string) => Words, name: string, ...rest: number[]): Write {
  const key = k.key(kind);
  const pushed: Words = [name, key, ...rest, text(k.chance)];
  return { words: [pushed], waits: waits(key) };
}
