import { type Keys, type Kinds, text, type Words, type Write, write } from './write.ts';

const group = (k: Keys): string => k.chance.of(['one', 'two']);
const consumer = (k: Keys): string => k.chance.of(['ada', 'bob', 'eve']);
const early = (k: Keys): string => `${k.lastId() - k.chance.between(0, 20)}-1`;

/** Writes of streams, their groups and consumers. */
export const STREAM_WRITES: Kinds = {
  xadd: (k) => added(k, []),
  'xadd:trim': (k) => added(k, ['MAXLEN', '=', k.chance.between(2, 30)]),
  'xadd:nomkstream': (k) => added(k, ['NOMKSTREAM']),
  'xadd:next': (k) => write('XADD', k.key('stream'), `${k.nextId()}-1`, 'field', text(k.chance)),
  'xadd:later': (k) => write('XADD', k.key('log'), 'MAXLEN', '=', 15, `${k.nextId()}-1`, 'field', text(k.chance)),
  'xadd:id': (k) => write('XADD', k.key('stream'), `${k.nextId()}-1`, 'field', text(k.chance)),
  xtrim: (k) => write('XTRIM', k.key('log'), 'MAXLEN', k.chance.between(0, 20)),
  'xtrim:minid': (k) => write('XTRIM', k.key('log'), 'MINID', early(k)),
  xdel: (k) => write('XDEL', k.key('log'), early(k), early(k), early(k)),
  xdelex: (k) => write('XDELEX', k.key('log'), k.chance.of(['KEEPREF', 'DELREF', 'ACKED']), 'IDS', 1, early(k)),
  xackdel: (k) => write('XACKDEL', k.key('stream'), group(k), 'DELREF', 'IDS', 1, early(k)),
  xsetid: (k) => write('XSETID', k.key('log'), `${k.nextId()}-1`, 'ENTRIESADDED', 5_000, 'MAXDELETEDID', early(k)),
  'xgroup:create': (k) => write('XGROUP', 'CREATE', k.key('stream'), group(k), k.chance.of(['0', '$']), 'MKSTREAM'),
  'xgroup:log': (k) => write('XGROUP', 'CREATE', k.key('log'), group(k), k.chance.of(['0', '$']), 'MKSTREAM'),
  'xadd:log': (k) => write('XADD', k.key('log'), `${k.nextId()}-1`, 'field', text(k.chance)),
  'xgroup:setid': (k) => write('XGROUP', 'SETID', k.key('stream'), group(k), k.chance.of(['0', '$', '7-1'])),
  'xgroup:destroy': (k) => write('XGROUP', 'DESTROY', k.key('stream'), group(k)),
  'xgroup:consumer': (k) => unanswered('XGROUP', 'CREATECONSUMER', k.key('stream'), group(k), consumer(k)),
  'xgroup:delconsumer': (k) => write('XGROUP', 'DELCONSUMER', k.key('stream'), group(k), consumer(k)),
  xreadgroup: (k) => readBy(k, 'stream', []),
  'xreadgroup:noack': (k) => readBy(k, 'log', ['NOACK']),
  xack: (k) => write('XACK', k.key('stream'), group(k), early(k), early(k), early(k)),
  xclaim: (k) => write('XCLAIM', k.key('stream'), group(k), consumer(k), 0, early(k), early(k), early(k)),
  'xclaim:force': (k) =>
    write('XCLAIM', k.key('stream'), group(k), consumer(k), 0, early(k), 'RETRYCOUNT', 9, 'FORCE', 'JUSTID'),
  xautoclaim: (k) => write('XAUTOCLAIM', k.key('stream'), group(k), consumer(k), 0, '0', 'COUNT', 3),
};

/** Whether there is a consumer that has nothing pending is the server's affair: replicas may not know it either. */
function unanswered(...words: Words): Write {
  return { words: [words], copied: () => [words] };
}

/** The server chooses the id, or answers with nothing where there is no stream. */
function added(k: Keys, options: readonly (string | number)[]): Write {
  const key = k.key('timed');
  const value = text(k.chance);
  const words = (id: string): Words => ['XADD', key, ...options, id, 'field', value];
  const copied = (answer: unknown): readonly Words[] => (Buffer.isBuffer(answer) ? [words(String(answer))] : []);
  return { words: [words('*')], copied };
}

function readBy(k: Keys, kind: string, options: readonly string[]): Write {
  const reader = ['XREADGROUP', 'GROUP', group(k), consumer(k)] as const;
  return write(...reader, 'COUNT', k.chance.between(1, 5), ...options, 'STREAMS', k.key(kind), '>');
}
