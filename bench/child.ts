import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** One of this folder's programs in a process of its own, once it says that it works. */
export async function started(file: string, words: readonly (string | number)[]): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), words.map(String));
  await nextMessage(child);
  return child;
}

export function answerOf(child: ChildProcess, question: string): Promise<unknown> {
  const answered = nextMessage(child);
  child.send(question);
  return answered;
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const endedEarly = (code: number | null): void => reject(new Error(`A process ended with ${code}.`));
    child.once('error', reject);
    child.once('exit', endedEarly);
    child.once('message', (message) => {
      child.off('exit', endedEarly);
      resolve(message);
    });
  });
}
