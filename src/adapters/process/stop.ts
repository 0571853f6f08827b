import { Failure } from '../../core/failure.ts';

/**
 * A signal that is aborted when the process is told to end (GitHub sends SIGINT, 7.5 s later SIGTERM, 2.5 s later SIGKILL)
 * or when `timeout` milliseconds have passed. The reason is a Failure `stopped`.
 * The handlers stay: a second signal must not kill the process between two halves of a slot's move.
 */
export function stopSignal(timeout: number): { signal: AbortSignal; [Symbol.dispose](): void } {
  const controller = new AbortController();
  const stop = (why: string) =>
    controller.abort(
      new Failure('stopped', `Stopped before the end: ${why}.`, {
        remedy: 'Run apply again: it goes on where this run stopped.',
      }),
    );
  const onSignal = (name: NodeJS.Signals) => stop(`the run was told to end (${name})`);
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const timer = setTimeout(() => stop(`\`timeout\` (${Math.round(timeout / 1000)} s) has passed`), timeout);
  timer.unref();
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      clearTimeout(timer);
    },
  };
}
