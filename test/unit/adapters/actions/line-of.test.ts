import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { lineOf } from '../../../../src/adapters/actions/line-of.ts';

const TEXT = `# shards: 1
version: 1
kubernetes:
  state: none
"shards" : 3
shardsOf: 2
volumes: {onScaleDown: delete}
`;

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'line-of-'));
  await writeFile(join(root, 'topology.yaml'), TEXT);
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

test.each([
  ['kubernetes', 3],
  ['shards', 5],
  ['volumes', 7],
  ['state', 1],
])('the key %s is shown at line %i', (key, line) => {
  expect(lineOf(join(root, 'topology.yaml'), key)).toBe(line);
});
