import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const SRC = join(import.meta.dirname, '../../src');
const PASSWORD = 'the-password-of-nobody';

/** As soon as the program would hear of it, something fails of which nobody waits for the end. */
const FAILING = `const timer = setInterval(() => {
  if (process.listenerCount('uncaughtException') === 0) return;
  clearInterval(timer);
  throw new Error('Cannot log in with ${PASSWORD}');
}, 1);`;

test.each([
  ['action', ['main.ts'], { GITHUB_ACTIONS: 'true', 'INPUT_REDIS-PASSWORD': PASSWORD, INPUT_TOPOLOGY: 'nowhere.yaml' }],
  ['program for a terminal', ['cli.ts', 'status', 'nowhere.yaml'], { REDISCLI_AUTH: PASSWORD }],
])('what nobody catches ends the %s in words, and without its secrets', (_, [file = '', ...words], env) => {
  const preload = `data:text/javascript,${encodeURIComponent(FAILING)}`;
  const args = ['--import', preload, join(SRC, file), ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 20_000 });
  const shown = [...stdout.split('\n').filter((line) => !line.startsWith('::add-mask::')), stderr].join('\n');
  expect(status).toBe(1);
  expect(shown).toContain('Stopped by an error that was not expected: Cannot log in with ***');
  expect(shown).not.toContain(PASSWORD);
});
