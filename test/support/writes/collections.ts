import { FAR, HOUR, type Keys, type Kinds, type Words, type Write, write } from './write.ts';

const item = (k: Keys): string => `item ${k.chance.between(0, 30)}`;
const items = (k: Keys, length: number): readonly string[] => Array.from({ length }, () => item(k));
const score = (k: Keys): number => k.chance.between(-1_000, 1_000) / 7;
const end = (k: Keys): string => k.chance.of(['LEFT', 'RIGHT']);
const place = (k: Keys): number => k.chance.between(-13, 13);
const scored = (k: Keys, length: number) => items(k, length).flatMap((name) => [score(k), name]);

/** Writes of lists and sets. */
export const LIST_AND_SET_WRITES: Kinds = {
  lpush: (k) => write('LPUSH', k.key('list'), ...items(k, 3)),
  rpush: (k) => write('RPUSH', k.key('list'), ...items(k, 3)),
  'rpush:many': (k) => write('RPUSH', k.key('list'), ...items(k, 60), 'long '.repeat(k.chance.between(1, 3_000))),
  lpushx: (k) => write('LPUSHX', k.key('list'), item(k)),
  rpushx: (k) => write('RPUSHX', k.key('list'), item(k)),
  linsert: (k) => write('LINSERT', k.key('list'), k.chance.of(['BEFORE', 'AFTER']), item(k), item(k)),
  lset: (k) => write('LSET', k.key('list'), place(k), item(k)),
  lrem: (k) => write('LREM', k.key('list'), k.chance.between(-2, 2), item(k)),
  ltrim: (k) => write('LTRIM', k.key('list'), k.chance.between(0, 3), -k.chance.between(1, 4)),
  lpop: (k) => write('LPOP', k.key('list'), k.chance.between(1, 5)),
  rpop: (k) => write('RPOP', k.key('list')),
  lmove: (k) => write('LMOVE', k.key('list'), k.key('list'), end(k), end(k)),
  rpoplpush: (k) => write('RPOPLPUSH', k.key('list'), k.key('list')),
  lmpop: (k) => write('LMPOP', 2, k.key('list'), k.key('list'), end(k), 'COUNT', 3),
  sort: (k) => write('SORT', k.key('list'), 'ALPHA', 'STORE', k.key('list')),
  sadd: (k) => write('SADD', k.key('set'), ...items(k, 3)),
  'sadd:numbers': (k) => write('SADD', k.key('set'), k.chance.between(0, 40), k.chance.between(0, 99_999)),
  'sadd:many': (k) => write('SADD', k.key('set'), ...Array.from({ length: 200 }, (_, n) => `${n}:${item(k)}`)),
  srem: (k) => write('SREM', k.key('set'), ...items(k, 4)),
  spop: (k) => popped(k.key('set'), k.chance.between(1, 9)),
  'spop:all': (k) => popped(k.key('set'), 1_000_000),
  smove: (k) => write('SMOVE', k.key('set'), k.key('set'), item(k)),
  sinterstore: (k) => write('SINTERSTORE', k.key('set'), k.key('set'), k.key('set')),
  sunionstore: (k) => write('SUNIONSTORE', k.key('set'), k.key('set'), k.key('set')),
  sdiffstore: (k) => write('SDIFFSTORE', k.key('set'), k.key('set'), k.key('set')),
};

/** Which members go is the server's choice. */
function popped(key: string, count: number): Write {
  const copied = (answer: unknown): readonly Words[] =>
    Array.isArray(answer) && answer.length > 0 ? [['SREM', key, ...answer]] : [];
  return { words: [['SPOP', key, count]], copied };
}

/** Writes of sorted sets and of places on earth, which are such. */
export const SORTED_SET_WRITES: Kinds = {
  zadd: (k) => write('ZADD', k.key('zset'), ...scored(k, 3)),
  'zadd:many': (k) =>
    write('ZADD', k.key('zset'), ...Array.from({ length: 150 }, (_, n) => [score(k), `n${n}`]).flat()),
  'zadd:gt': (k) => write('ZADD', k.key('zset'), k.chance.of(['GT', 'LT', 'NX']), 'CH', ...scored(k, 2)),
  'zadd:incr': (k) => write('ZADD', k.key('zset'), 'XX', 'INCR', score(k), item(k)),
  zincrby: (k) => write('ZINCRBY', k.key('zset'), score(k), item(k)),
  zrem: (k) => write('ZREM', k.key('zset'), ...items(k, 3)),
  zpopmin: (k) => write('ZPOPMIN', k.key('zset'), k.chance.between(1, 4)),
  zpopmax: (k) => write('ZPOPMAX', k.key('zset')),
  zmpop: (k) => write('ZMPOP', 2, k.key('zset'), k.key('zset'), 'MIN', 'COUNT', 2),
  zremrangebyscore: (k) => write('ZREMRANGEBYSCORE', k.key('zset'), 3, 30),
  zremrangebyrank: (k) => write('ZREMRANGEBYRANK', k.key('zset'), 0, 2),
  zunionstore: (k) => write('ZUNIONSTORE', k.key('zset'), 2, k.key('zset'), k.key('set'), 'WEIGHTS', 2, 1),
  zinterstore: (k) => write('ZINTERSTORE', k.key('zset'), 2, k.key('zset'), k.key('zset'), 'AGGREGATE', 'MAX'),
  zdiffstore: (k) => write('ZDIFFSTORE', k.key('zset'), 2, k.key('zset'), k.key('zset')),
  zrangestore: (k) => write('ZRANGESTORE', k.key('zset'), k.key('zset'), 0, 20),
  geoadd: (k) => write('GEOADD', k.key('geo'), k.chance.between(-179, 179), k.chance.between(-80, 80), item(k)),
  geosearchstore: (k) =>
    write('GEOSEARCHSTORE', k.key('geo'), k.key('geo'), 'FROMLONLAT', 1, 1, 'BYRADIUS', 9_000, 'km'),
};

const fields = (k: Keys): readonly (string | number)[] => ['FIELDS', 2, item(k), `other ${item(k)}`];

/** Writes of hashes. */
export const HASH_WRITES: Kinds = {
  hset: (k) => write('HSET', k.key('hash'), item(k), item(k), item(k), item(k)),
  'hset:many': (k) => write('HSET', k.key('hash'), ...Array.from({ length: 150 }, (_, n) => [`n${n}`, item(k)]).flat()),
  hsetnx: (k) => write('HSETNX', k.key('hash'), item(k), item(k)),
  hdel: (k) => write('HDEL', k.key('hash'), ...items(k, 3)),
  hincrby: (k) => write('HINCRBY', k.key('hash'), 'number', place(k)),
  hincrbyfloat: (k) => write('HINCRBYFLOAT', k.key('hash'), 'float', score(k)),
  hexpire: (k) => write('HEXPIRE', k.key('hash'), k.chance.between(HOUR, 9 * HOUR), ...fields(k)),
  hpexpireat: (k) => write('HPEXPIREAT', k.key('hash'), FAR * 1_000 + k.chance.between(0, 1e6), ...fields(k)),
  'hexpire:past': (k) => write('HEXPIRE', k.key('hash'), 0, ...fields(k)),
  hpersist: (k) => write('HPERSIST', k.key('hash'), ...fields(k)),
  'hgetex:ex': (k) => write('HGETEX', k.key('hash'), 'EX', 5 * HOUR, ...fields(k)),
  'hgetex:persist': (k) => write('HGETEX', k.key('hash'), 'PERSIST', ...fields(k)),
  hgetdel: (k) => write('HGETDEL', k.key('hash'), ...fields(k)),
  'hsetex:ex': (k) => write('HSETEX', k.key('hash'), 'EX', 6 * HOUR, 'FIELDS', 1, item(k), item(k)),
  'hsetex:keepttl': (k) => write('HSETEX', k.key('hash'), 'KEEPTTL', 'FIELDS', 1, item(k), item(k)),
  'hsetex:fnx': (k) => write('HSETEX', k.key('hash'), 'FNX', 'PXAT', FAR * 1_000 + 3, 'FIELDS', 1, item(k), item(k)),
};
