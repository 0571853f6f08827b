import { FAR, HOUR, type Keys, type Kinds, text, type Words, write } from './write.ts';

const STEP = (keys: Keys): number => keys.chance.between(-50, 50);

/** Writes of strings, numbers, bits and hyperloglogs. A word after a colon tells two uses of one command apart. */
export const STRING_WRITES: Kinds = {
  set: (k) => write('SET', k.key('string'), text(k.chance)),
  'set:ex': (k) => write('SET', k.key('string'), text(k.chance), 'EX', k.chance.between(HOUR, 9 * HOUR)),
  'set:px': (k) => write('SET', k.key('string'), text(k.chance), 'PX', k.chance.between(HOUR, 9 * HOUR) * 1_000),
  'set:exat': (k) => write('SET', k.key('string'), text(k.chance), 'EXAT', FAR + k.chance.between(0, HOUR)),
  'set:keepttl': (k) => write('SET', k.key('string'), text(k.chance), 'KEEPTTL'),
  'set:nx': (k) => write('SET', k.key('string'), text(k.chance), 'NX', 'EX', 2 * HOUR),
  'set:xx': (k) => write('SET', k.key('string'), text(k.chance), 'XX', 'GET', 'PXAT', FAR * 1_000 + 7),
  'set:get': (k) => write('SET', k.key('string'), text(k.chance), 'GET'),
  setex: (k) => write('SETEX', k.key('string'), HOUR, text(k.chance)),
  psetex: (k) => write('PSETEX', k.key('string'), HOUR * 1_000, text(k.chance)),
  setnx: (k) => write('SETNX', k.key('string'), text(k.chance)),
  'getex:ex': (k) => write('GETEX', k.key('string'), 'EX', 3 * HOUR),
  'getex:persist': (k) => write('GETEX', k.key('string'), 'PERSIST'),
  getdel: (k) => write('GETDEL', k.key('string')),
  getset: (k) => write('GETSET', k.key('string'), text(k.chance)),
  mset: (k) => write('MSET', k.key('string'), text(k.chance), k.key('string'), text(k.chance)),
  msetnx: (k) => write('MSETNX', k.key('string'), text(k.chance), k.key('string'), text(k.chance)),
  append: (k) => write('APPEND', k.key('string'), text(k.chance)),
  setrange: (k) => write('SETRANGE', k.key('string'), k.chance.between(0, 300), text(k.chance)),
  incr: (k) => write('INCR', k.key('number')),
  decrby: (k) => write('DECRBY', k.key('number'), STEP(k)),
  incrby: (k) => write('INCRBY', k.key('number'), STEP(k)),
  'set:number': (k) => write('SET', k.key('number'), STEP(k), 'EX', HOUR),
  incrbyfloat: (k) => write('INCRBYFLOAT', k.key('float'), STEP(k) / 7),
  expire: (k) => write('EXPIRE', k.key(k.chance.of(EVERY)), k.chance.between(HOUR, 9 * HOUR)),
  'expire:gt': (k) => write('EXPIRE', k.key('string'), k.chance.between(HOUR, 9 * HOUR), k.chance.of(['NX', 'XX'])),
  pexpireat: (k) => write('PEXPIREAT', k.key(k.chance.of(EVERY)), FAR * 1_000 + k.chance.between(0, 1e6)),
  'expire:past': (k) => write('EXPIRE', k.key(k.chance.of(EVERY)), -1),
  persist: (k) => write('PERSIST', k.key(k.chance.of(EVERY))),
  del: (k) => write('DEL', k.key(k.chance.of(EVERY))),
  'del:several': (k) => write('DEL', ...several(k)),
  unlink: (k) => write('UNLINK', ...several(k)),
  rename: (k) => sameKind(k, 'RENAME'),
  renamenx: (k) => sameKind(k, 'RENAMENX'),
  copy: (k) => sameKind(k, 'COPY'),
  'copy:replace': (k) => sameKind(k, 'COPY', 'REPLACE'),
  setbit: (k) => write('SETBIT', k.key('bits'), k.chance.between(0, 5_000), k.chance.between(0, 1)),
  bitfield: (k) =>
    write('BITFIELD', k.key('bits'), 'INCRBY', 'u8', k.chance.between(0, 500), STEP(k), 'SET', 'i5', 3, 7),
  bitop: (k) => write('BITOP', k.chance.of(['AND', 'OR', 'XOR']), k.key('bits'), k.key('bits'), k.key('bits')),
  pfadd: (k) => write('PFADD', k.key('loglog'), text(k.chance), text(k.chance)),
  'pfadd:many': (k) => write('PFADD', k.key('loglog'), ...Array.from({ length: 300 }, () => text(k.chance))),
  pfmerge: (k) => write('PFMERGE', k.key('loglog'), k.key('loglog'), k.key('loglog')),
  delex: (k) => write('DELEX', k.key('string')),
  delifeq: (k) => write('DELIFEQ', k.key('string'), 'value'),
};

/** Kinds of keys that the writes of keys of any kind take. */
const EVERY = [
  'string',
  'number',
  'float',
  'bits',
  'loglog',
  'list',
  'set',
  'zset',
  'geo',
  'hash',
  'stream',
  'log',
] as const;

function several(k: Keys): [string, string, string] {
  return [k.key(k.chance.of(EVERY)), k.key(k.chance.of(EVERY)), k.key('string')];
}

function sameKind(k: Keys, name: string, ...rest: string[]): ReturnType<typeof write> {
  const kind = k.chance.of(EVERY);
  const words: Words = [name, k.key(kind), k.key(kind), ...rest];
  return { words: [words] };
}
