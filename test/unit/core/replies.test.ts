import { expect, test } from '@jest/globals';
import { Failure } from '../../../src/core/failure.ts';
import { array, isReply, number, type Reply, shown, text } from '../../../src/core/replies.ts';

const what = 'GET by redis-cluster-1';

test('text is read from simple and bulk strings', () => {
  expect(text('OK', what)).toBe('OK');
  expect(text(Buffer.from('grün'), what)).toBe('grün');
});

test('numbers are read from integers and digits', () => {
  expect(number(7, what)).toBe(7);
  expect(number('-12', what)).toBe(-12);
  expect(number(Buffer.from('123456789012345'), what)).toBe(123_456_789_012_345);
});

test.each<[string, (reply: Reply) => unknown, Reply]>([
  ['a list where text was due', (reply) => text(reply, what), ['a']],
  ['nothing where text was due', (reply) => text(reply, what), null],
  ['text beyond all measure', (reply) => text(reply, what), Buffer.alloc(16 * 1024 * 1024 + 1, 'x')],
  ['words where a number was due', (reply) => number(reply, what), 'many'],
  ['a number beyond all measure', (reply) => number(reply, what), '9'.repeat(50)],
  ['nothing where a number was due', (reply) => number(reply, what), null],
  ['text where a list was due', (reply) => array(reply, what), 'OK'],
])('%s is refused in words', (_name, read, reply) => {
  expect(() => read(reply)).toThrow(Failure);
  expect(() => read(reply)).toThrow(what);
});

test.each<[string, unknown, boolean]>([
  ['a nested list', ['a', [1, null, Buffer.from('x')]], true],
  ['an error inside of a list', ['a', new Error('EXECABORT')], false],
  ['an object', { a: 1 }, false],
  ['nothing at all', undefined, false],
])('%s is told from what RESP2 has', (_name, value, wanted) => {
  expect(isReply(value)).toBe(wanted);
});

test('a long reply is shortened for messages', () => {
  expect(shown('x'.repeat(500))).toHaveLength(80);
  expect(shown(['a', 'b'])).toBe('a list of 2');
});
