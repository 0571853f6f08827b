import { describe, expect, test } from '@jest/globals';
import { brief, mistakesIn, SMALL, withLines } from '../../../support/topology-file.ts';

describe('what is no topology at all', () => {
  const shape = '`version: 1`, `kubernetes:` and `shards:`';
  test.each([
    ['is empty', '', `1:1 The file is empty. [] ${shape}`],
    ['has only a comment', '# later\n', `1:1 The file is empty. [] ${shape}`],
    ['is a list', '- 1\n', '1:1 The file is not right. [] a mapping'],
    ['is a word', 'topology\n', '1:1 The file is not right. [topology] a mapping'],
    ['holds two documents', `${SMALL}---\n${SMALL}`, '5:1 The file has several documents. [---] one document a file'],
    [
      'is indented by tabs',
      'version: 1\nkubernetes:\n\tport: 1\n',
      '3:1 Tabs are not allowed as indentation. [port: 1] valid YAML',
    ],
    [
      'is wrong twice in a line',
      'a:\n b: 1\n   c: 2\n',
      '2:5 Nested mappings are not allowed in compact mappings. [b: 1] valid YAML',
    ],
    [
      'names an anchor that is not there',
      withLines('name: *it'),
      '5:7 The alias *it has no anchor before it. [*it] &it on an earlier value',
    ],
    [
      'is not UTF-8',
      `version: 1\nname: \uFFFD\n`,
      '2:7 The file is not UTF-8 text. [the character U+FFFD] text in UTF-8',
    ],
    ['is UTF-16', 'v\0e\0r\0', '1:2 The file is not UTF-8 text. [the character U+0000] text in UTF-8'],
    ['is too long', `${SMALL}#${' '.repeat(256 * 1024)}`, '1:1 The file is longer than 256 kB. []'],
  ])('a file that %s', (_, text, mistake) => {
    expect(mistakesIn(text).map((one) => brief(one).trim())).toEqual([mistake]);
  });

  test.each([
    ['a list', '? [a, b]\n: 1', '5:3 A key is not plain text. [? [a, b]] a key written out'],
    ['a mapping', '? {a: 1}\n: 1', '5:3 A key is not plain text. [? {a: 1}] a key written out'],
    ['an alias', 'name: &it redis\n*it : 1', '6:1 A key is not plain text. [*it : 1] a key written out'],
  ])('a key that is %s', (_, lines, mistake) => {
    expect(mistakesIn(withLines(lines)).map(brief)).toEqual([mistake]);
  });

  test('an anchor on a key that stands there twice is not taken for aliases without end', () => {
    expect(mistakesIn(withLines('shards: &it 4\nreplicasPerShard: *it')).map(brief)).toEqual([
      '5:1 The key "shards" already stands in line 4. [shards] each key once',
    ]);
  });

  test('a file whose aliases would fill the memory', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`);
    expect(mistakesIn(`l0: &l0 [${'x,'.repeat(9)}]\n${levels.join('\n')}\n${SMALL}`).map(brief)).toEqual([
      '1:1 The file repeats itself by aliases too often. [] values written out',
    ]);
  });

  test.each([
    ['lists', '['.repeat(20_000)],
    ['mappings', `name: ${'{a: '.repeat(20_000)}`],
    ['closed lists', `name: ${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ])('a file of %s nested without end', (_, text) => {
    expect(mistakesIn(text).map(({ message }) => message)).toEqual(['The file is nested too deeply.']);
  });
});
