import { describe, expect, test } from '@jest/globals';
import { cell, code, cut, fenced, prose } from '../../../src/report/escape.ts';

const ZERO = '\u200B';

test.each([
  ['what is short enough', 'a few words', 11, 'a few words'],
  ['what is too long, between two words', 'a few words more', 14, 'a few words…'],
  [
    'so that no part of a word is left, which may be a secret',
    `${'x'.repeat(9)} not-a-secret`,
    15,
    `${'x'.repeat(9)}…`,
  ],
  ['one word that is too long, whole', 'x'.repeat(20), 15, '…'],
])('a text is cut: %s', (_, text, most, expected) => {
  expect(cut(text, most)).toBe(expected);
});

describe('text from outside can neither format nor reach anything', () => {
  test.each([
    ['a mention', 'ask @octocat', `ask @${ZERO}octocat`],
    ['the end of an HTML comment', '--> <b>', '\\--&gt; &lt;b&gt;'],
    ['the begin of one', '<!-- plan: AAAA -->', '&lt;!-- plan: AAAA --&gt;'],
    ['a link', '[x](https://evil.example)', `\\[x\\](https:${ZERO}//evil.example)`],
    ['a bare address', 'see www.evil.example', `see www${ZERO}.evil.example`],
    ['a cell of a table', 'a | b', 'a \\| b'],
    ['code', '`rm`', '\\`rm\\`'],
    ['emphasis', '**bold** _it_ ~~no~~', '\\*\\*bold\\*\\* \\_it\\_ \\~\\~no\\~\\~'],
    ['a heading', '# Big', '\\# Big'],
    ['a list', '- item', '\\- item'],
    ['a numbered list', '1. item', '1\\. item'],
    ['an issue', 'fixes acme/cache#12', `fixes acme/cache#${ZERO}12`],
    ['an issue by its other name', 'GH-12', `GH-${ZERO}12`],
    ['an emoji', ':100: percent', `:${ZERO}100: percent`],
    ['a formula', '$x$', '\\$x\\$'],
    ['lines', 'one\r\n\ntwo\u2028three', 'one two three'],
    ['control characters', 'a\u0007b\u001B[31m', 'ab\\[31m'],
    ['a turn of the direction', 'user\u202Etxt.exe', 'usertxt.exe'],
    ['an entity', '&lt;', '&amp;lt;'],
    ['a backslash before a pipe', '\\|', '\\\\\\|'],
  ])('%s', (_, text, expected) => {
    expect(cell(text)).toBe(expected);
  });
});

test('a name keeps its look in code, and ends neither the code nor the cell', () => {
  expect(code('redis-cluster-0')).toBe('`redis-cluster-0`');
  expect(code('a`b|c\nd')).toBe("`a'b¦c d`");
  expect(code('  ')).toBe('');
});

test('our sentences keep their code, whatever is around it', () => {
  expect(prose('Set `a|b` for @x.')).toBe(`Set \`a¦b\` for @${ZERO}x.`);
  expect(prose('One ` alone.')).toBe('One \\` alone.');
});

test('a line cannot end its fence', () => {
  expect(fenced('a ``` b\n```')).toBe("a ''' b '''");
});
