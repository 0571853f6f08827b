import { describe, expect, test } from '@jest/globals';
import { ApplyJournal } from '../../../src/commands/journal.ts';
import type { Event } from '../../../src/core/events.ts';
import type { Bar } from '../../../src/ports/runner.ts';

const NOTE: Event = { kind: 'note', text: 'still here' };

/** A journal, the lines of its log, the edits of its comment, and the seconds that have passed. */
function follow(show: (edit: number) => Promise<string | null>) {
  const log: string[] = [];
  const edits: string[] = [];
  const time = { seconds: 0 };
  const runner = { info: (line: string) => log.push(line), group: <T>(_: string, stage: () => Promise<T>) => stage() };
  const journal = new ApplyJournal({ clock: { now: () => time.seconds * 1000 }, runner }, (progress) => {
    edits.push(`${time.seconds} s: ${progress.join(' ')}`);
    return show(edits.length);
  });
  return { log, edits, time, journal };
}

/** Tells something every second. */
async function work({ journal, time }: ReturnType<typeof follow>, seconds: number): Promise<void> {
  const end = time.seconds + seconds;
  for (; time.seconds < end; time.seconds += 1) {
    journal.tell(NOTE);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the comment of an apply', () => {
  test('is edited every 15 s at most, however much is told', async () => {
    const followed = follow(async () => null);
    await followed.journal.stage(1, [], () => work(followed, 40));
    await followed.journal.stage(2, [], () => work(followed, 10));
    expect(followed.edits).toEqual(['0 s: … 1.', '15 s: … 1.', '30 s: … 1.', '45 s: ✓ 1. … 2.']);
  });

  test('has no edits waiting behind one that takes long, and the last word comes after it', async () => {
    const gate = Promise.withResolvers<null>();
    const followed = follow(() => gate.promise);
    await work(followed, 600);
    expect(followed.edits).toHaveLength(1);
    const order: string[] = [];
    const closing = followed.journal.close().finally(() => order.push('closed'));
    await work(followed, 60);
    order.push('the long one is through');
    gate.resolve(null);
    await closing;
    expect(order).toEqual(['the long one is through', 'closed']);
    await work(followed, 60);
    expect(followed.edits).toHaveLength(1);
  });

  test('that cannot be edited is told of once, and tried again', async () => {
    const followed = follow(async (edit) => (edit < 3 ? 'GitHub is away.' : null));
    await work(followed, 60);
    expect(followed.edits).toHaveLength(4);
    expect(followed.log.filter((line) => line !== NOTE.text)).toEqual([
      'The work goes on; how it goes is told only here. GitHub is away.',
    ]);
  });
});

function move(from: string, slotsDone: number): Event {
  return {
    kind: 'moving',
    from,
    to: 'cache-9',
    slotsDone,
    slots: 100,
    keysDone: 0,
    keys: null,
    bytesDone: 0,
    elapsed: 1_000,
  };
}

describe('moves that can be drawn', () => {
  test('are drawn ten times a second at most, and those that are over have a line instead', () => {
    const log: string[] = [];
    const drawn: (readonly string[])[] = [];
    let now = 0;
    const runner = {
      info: (line: string) => log.push(line),
      group: <T>(_: string, stage: () => Promise<T>) => stage(),
      live: (bars: readonly Bar[]) => drawn.push(bars.map(({ text }) => text.slice(0, 7))),
    };
    const journal = new ApplyJournal({ clock: { now: () => now }, runner }, async () => null);
    for (; now < 1_000; now += 10) {
      journal.tell(move('cache-0', now / 10));
      journal.tell(move('cache-1', now / 20));
    }
    expect(drawn).toHaveLength(10);
    expect(drawn.at(-1)).toEqual(['cache-0', 'cache-1']);
    expect(log).toEqual([]);
    journal.tell(move('cache-0', 100));
    expect(drawn.at(-1)).toEqual(['cache-1']);
    expect(log).toEqual([expect.stringContaining('cache-0 → cache-9: 100 of 100 slots')]);
  });
});
