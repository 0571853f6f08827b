import { expect, test } from '@jest/globals';
import { framed } from '../../../../src/adapters/terminal/markdown.ts';

test('a comment is shown in a frame, its tables in columns, without what GitHub hides', () => {
  const markdown = [
    '<!-- hidden -->',
    '### Redis Cluster `cache`',
    '',
    '| Primary | Slots |',
    '| :-- | --: |',
    '| `cache-0` | 5,461 ██ |',
    '| `cache-10` | 1 |',
    '',
    '<details><summary>Steps</summary>',
    '',
    '**Next:** merge, see the [run](https://example.com).',
    '</details>',
  ].join('\n');
  expect(framed(markdown, (_, text) => text).split('\n')).toEqual([
    '  │ Redis Cluster cache',
    '  │',
    '  │ Primary   Slots',
    '  │ cache-0   5,461 ██',
    '  │ cache-10  1',
    '  │',
    '  │ Steps',
    '  │',
    '  │ Next: merge, see the run.',
  ]);
});
