import { spawn } from 'node:child_process';

/**
 * Ends what this process leaves running when it dies, however it dies: a shell that waits for the end of its input.
 * (An exit handler is not called on SIGKILL, nor inside of jest's sandbox.)
 */
export interface Watchdog {
  watch(pid: number): void;
  /** The process has ended: its pid may soon be another's. */
  unwatch(pid: number): void;
  /** Removes the folder; what is still watched is ended. */
  end(): Promise<void>;
}

const SCRIPT = `
pids=" "
while read -r sign pid; do
  case $sign in
    +) pids="$pids$pid " ;;
    -) pids=$(printf '%s' "$pids" | sed "s/ $pid / /") ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
rm -rf "$1"
`;

/** @param folder removed at the end */
export function startWatchdog(folder: string): Watchdog {
  // Apart from the terminal's process group, or Ctrl-C would end it first.
  const shell = spawn('sh', ['-c', SCRIPT, 'watchdog', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => {
    shell.once('exit', () => resolve());
  });
  shell.unref();
  return {
    watch: (pid) => shell.stdin.write(`+ ${pid}\n`),
    unwatch: (pid) => shell.stdin.write(`- ${pid}\n`),
    end: async () => {
      shell.ref();
      shell.stdin.end();
      await ended;
    },
  };
}
