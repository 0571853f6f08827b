import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { actionsRunner } from '../../../../src/adapters/actions/runner.ts';
import { Secrets } from '../../../../src/adapters/actions/secrets.ts';

let workspace: string;
let printed: string[];

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'workspace-'));
  printed = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    printed.push(String(chunk).trim());
    return true;
  });
});

afterEach(async () => {
  jest.restoreAllMocks();
  await rm(workspace, { recursive: true });
});

test.each(['', ' ', '\t', '\u0085', '\u2028 '])(
  'no line is a command to the runner, whatever blanks it begins with: %j',
  (blank) => {
    actionsRunner({}, new Secrets({})).info(`a line\n${blank}::set-output name=result::applied`);
    expect(printed.join('')).toContain(`${blank}: :set-output`);
  },
);

test('annotations are at the file as the repository calls it, wherever actions/checkout has put that', async () => {
  await mkdir(join(workspace, 'repo/.git'), { recursive: true });
  await writeFile(join(workspace, 'repo/.git/config'), '[remote "origin"]\n\turl = https://github.com/acme/cache\n');
  const env = { GITHUB_WORKSPACE: workspace, GITHUB_REPOSITORY: 'acme/cache' };
  const runner = actionsRunner(env, new Secrets({}));
  runner.warning('Beware.', { file: 'repo/topology.yaml', line: 3 });
  const mistake = { line: 5, column: 7, message: 'No.', value: null, expected: '' };
  runner.annotate([
    { ...mistake, file: 'repo/clusters/a.yaml' },
    { ...mistake, file: 'b.yaml' },
  ]);
  expect(printed.filter((text) => text !== '')).toEqual([
    '::warning title=topology,file=topology.yaml,line=3::Beware.',
    '::error title=topology,file=clusters/a.yaml,line=5,col=7::No.',
    '::error title=topology,file=b.yaml,line=5,col=7::No.',
  ]);
});
