import { expect, test } from '@jest/globals';
import { librariesIn } from '../../../src/core/libraries.ts';
import { factsOf } from '../../../src/plan/library-facts.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

const LIST = [
  [
    bytes('library_name'),
    bytes('two'),
    bytes('functions'),
    [],
    bytes('library_code'),
    bytes('#!lua name=two\nreturn 2'),
  ],
  [bytes('library_name'), bytes('one'), bytes('library_code'), bytes('#!lua name=one\nreturn "\xff\xfe"')],
];

test('libraries are known by name and code, in whichever order a server gives them', () => {
  const facts = factsOf(librariesIn(LIST) ?? []);
  expect(facts.map(({ name }) => name)).toEqual(['one', 'two']);
  expect(factsOf(librariesIn(LIST.toReversed()) ?? [])).toEqual(facts);
});

test('the same name with other code is another library', () => {
  const [one] = factsOf([{ name: 'one', code: 'return 1' }]);
  const [other] = factsOf([{ name: 'one', code: 'return 100' }]);
  expect(other).toMatchObject({ name: 'one' });
  expect(other?.digest).not.toBe(one?.digest);
});

test('a library may be called as a field of the answer is', () => {
  const [first, second] = LIST;
  const named = [first?.map((one) => (String(one) === 'two' ? bytes('library_code') : one)) ?? [], second ?? []];
  expect(librariesIn(named)?.map(({ name }) => name)).toEqual(['library_code', 'one']);
  expect(librariesIn(named)?.[0]?.code).toBe('#!lua name=two\nreturn 2');
});

test('code is kept byte by byte', () => {
  const [, one] = librariesIn(LIST) ?? [];
  expect(bytes(one?.code ?? '')).toEqual(LIST[1]?.[3]);
});

test.each([['odd'], [[['library_name', 'one']]], [[bytes('one')]]])(
  'an answer such as %j tells of no libraries',
  (reply) => {
    expect(librariesIn(reply)).toBeNull();
  },
);
