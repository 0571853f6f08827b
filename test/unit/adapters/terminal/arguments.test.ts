import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { HELP, readArguments } from '../../../../src/adapters/terminal/arguments.ts';

describe('words at a terminal', () => {
  test('are a command, its files, and options that are named as the inputs of the action', () => {
    const words = ['apply', 'a.yaml', 'b/*.yaml', '-y', '--allow', 'destroy', '--allow=delete-volumes', '--redis-tls'];
    expect(readArguments([...words, '--connect', 'direct'], { REDISCLI_AUTH: 'secret' })).toEqual({
      kind: 'run',
      command: 'apply',
      yes: true,
      json: false,
      inputs: {
        INPUT_TOPOLOGY: 'a.yaml\nb/*.yaml',
        INPUT_ALLOW: 'destroy delete-volumes',
        'INPUT_REDIS-TLS': 'true',
        INPUT_CONNECT: 'direct',
        'INPUT_REDIS-PASSWORD': 'secret',
      },
    });
  });

  test('name the files of certificates, whose content is the input', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'arguments-'));
    await writeFile(join(folder, 'ca.pem'), 'the authority');
    const call = readArguments(['plan', '--redis-ca', join(folder, 'ca.pem')], {});
    await rm(folder, { recursive: true });
    expect(call).toMatchObject({ inputs: { 'INPUT_REDIS-CA': 'the authority' } });
  });

  test.each([['--help'], ['-h'], ['apply', '--help']])('ask for help: %s', (...words) => {
    expect(readArguments(words, {})).toEqual({ kind: 'help' });
  });

  test.each<[string, readonly string[], RegExp]>([
    ['nothing', [], /There is no command/],
    ['another command', ['aply'], /"aply" is no command/],
    ['another option', ['plan', '--alow', 'destroy'], /Unknown option '--alow'/],
    ['an option without its value', ['plan', '--connect'], /argument missing/],
    ['a file that is not there', ['plan', '--redis-key', '/none.pem'], /"\/none.pem" of --redis-key cannot be read/],
  ])('that are refused: %s', (_, words, message) => {
    expect(() => readArguments(words, {})).toThrow(message);
  });

  test('are all in the help', () => {
    for (const option of ['--allow', '--approved-plan', '--kubeconfig', '--redis-username', '--timeout', '--json']) {
      expect(HELP).toContain(option);
    }
  });
});
