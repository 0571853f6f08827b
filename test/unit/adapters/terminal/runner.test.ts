import { describe, expect, test } from '@jest/globals';
import { terminalRunner } from '../../../../src/adapters/terminal/runner.ts';
import { FakeTerminal } from './fake-terminal.ts';

const bars = (n: number) => Array.from({ length: n }, (_, i) => ({ text: `move ${i}`, part: 0.5 }));

describe('bars', () => {
  test('are drawn anew below the lines, which stay', () => {
    const stream = new FakeTerminal();
    const runner = terminalRunner({ stream });
    runner.live?.(bars(2));
    runner.info('a line');
    runner.live?.(bars(1));
    expect(stream.text).toBe('  a line\n  ██████████░░░░░░░░░░  50 % move 0');
  });

  test('are as many as the screen has room for, so that none of them is left behind', () => {
    const stream = new FakeTerminal({ rows: 10 });
    const runner = terminalRunner({ stream });
    for (let i = 0; i < 3; i += 1) runner.live?.(bars(32));
    expect(stream.text.split('\n')).toHaveLength(8);
    expect(stream.text).toMatch(/… and 25 more$/);
    expect(stream.beyond).toBe(0);
  });

  test('are none where nothing can be drawn anew', () => {
    expect(terminalRunner({ stream: new FakeTerminal({ isTTY: false }) }).live).toBeUndefined();
  });
});

async function shownOn(stream: FakeTerminal): Promise<string> {
  const runner = terminalRunner({ stream, summary: true });
  runner.warning('look out');
  await runner.group('1. Move', async () => runner.error('no'));
  await runner.summary('### A plan\n\n**Next:** look\n\n| **a** | b |\n| --- | --- |\n| 1 | 2 |');
  return stream.text;
}

describe('colours', () => {
  test.each([
    ['NO_COLOR is set', new FakeTerminal({ colours: false })],
    ['the words go to a file', new FakeTerminal({ isTTY: false })],
  ])('are off where %s, in what is told and in the frame', async (_, stream) => {
    const shown = await shownOn(stream);
    expect(shown).toContain('look out');
    expect(shown).toContain('│ Next: look');
    expect(shown).not.toContain('\u001b');
  });

  test('are on else', async () => {
    expect(await shownOn(new FakeTerminal())).toContain('\u001b[1mNext:\u001b[22m');
  });
});

test('neither secrets nor what would move the cursor are shown, in the frame neither', async () => {
  const stream = new FakeTerminal({ colours: false });
  const runner = terminalRunner({ stream, summary: true, redact: (text) => text.replaceAll('secret', 'HIDDEN') });
  runner.info('the secret\u001b[2J');
  await runner.summary('a secret');
  expect(stream.text).toBe('  the HIDDEN\n\n  │ a HIDDEN');
});
