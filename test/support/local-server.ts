import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ServerProgram } from './servers.ts';
import type { Watchdog } from './watchdog.ts';

/** How far above a server's port its bus is. */
export const BUS = 10_000;
/** Ports, above them their buses, and all below the ports that Linux gives to outgoing connections. */
const FIRST_PORT = 11_000;
const LAST_PORT = FIRST_PORT + BUS - 1;
const START_ATTEMPTS = 5;
const START_TIMEOUT = 60_000;

/** One server process in a folder of its own. */
export interface LocalServer {
  readonly port: number;
  readonly alive: boolean;
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
}

export interface LocalServerOptions {
  readonly server: ServerProgram;
  readonly folder: string;
  /** Null: any free one. */
  readonly port: number | null;
  readonly config: Readonly<Record<string, string>>;
  /** Who speaks TLS; where not all do, the server has a further port: for servers with TLS, or for them without. Null: nobody. */
  readonly tls: 'all' | 'servers' | 'clients' | null;
  /** Ends the server should this process die. */
  readonly watchdog: Watchdog;
}

/** Starts a server and waits until it accepts connections. */
export async function startServer(options: LocalServerOptions): Promise<LocalServer> {
  await mkdir(options.folder, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    try {
      return await launch(options, port);
    } catch (thrown) {
      // Somebody else took the port in between.
      const isTaken = thrown instanceof Error && /already in use|Failed listening/i.test(thrown.message);
      if (options.port !== null || !isTaken || attempt === START_ATTEMPTS) throw thrown;
    }
  }
}

async function launch(options: LocalServerOptions, port: number): Promise<LocalServer> {
  const file = join(options.folder, 'server.conf');
  const ports = {
    port: options.tls === 'all' ? '0' : String(options.tls === 'clients' ? await freePort() : port),
    ...(options.tls === 'all' || options.tls === 'clients' ? { 'tls-port': String(port) } : {}),
    ...(options.tls === 'servers' ? { 'tls-port': String(await freePort()) } : {}),
  };
  const lines = Object.entries({ ...options.config, ...ports, dir: options.folder });
  await writeFile(file, lines.map(([name, value]) => `${name} ${value === '' ? '""' : value}\n`).join(''));
  const child = spawn(options.server.program, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const { pid } = child;
  if (pid !== undefined) options.watchdog.watch(pid);
  const gone = Promise.withResolvers<void>();
  child.once('exit', () => {
    if (pid !== undefined) options.watchdog.unwatch(pid);
    gone.resolve();
  });
  await untilReady(child, options.server.name);
  return {
    port,
    get alive() {
      return child.exitCode === null && child.signalCode === null;
    },
    signal: (name) => {
      child.kill(name);
    },
    ended: gone.promise,
  };
}

function untilReady(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    let isReady = false;
    const fail = (why: string): void => {
      clearTimeout(timer);
      if (isReady) return;
      child.kill('SIGKILL');
      reject(new Error(`${name} does not start: ${why}\n${log.slice(-2_000)}`));
    };
    const timer = setTimeout(() => fail(`not ready within ${START_TIMEOUT / 1000} s`), START_TIMEOUT);
    const read = (chunk: Buffer): void => {
      // Read on to the end, or the server would block on a full pipe.
      if (isReady) return;
      log += chunk.toString();
      if (!/Ready to accept connections/.test(log)) return;
      isReady = true;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`it ended with ${code ?? signal}`));
  });
}

/** Programs that run at the same time each take ports of their own: between a look and the use nobody else takes one. */
const SHARES = 16;
const SHARE = Math.floor((LAST_PORT - FIRST_PORT) / SHARES);
const WORKER = Number(process.env['JEST_WORKER_ID'] ?? process.pid) % SHARES;
let given = Math.floor(Math.random() * SHARE);

/** A port that is free together with its cluster bus, and that was not given before until all others were. */
export async function freePort(): Promise<number> {
  for (;;) {
    given += 1;
    const port = FIRST_PORT + WORKER * SHARE + (given % SHARE);
    if ((await isFree(port)) && (await isFree(port + BUS))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const listener = createServer();
    listener.once('error', () => resolve(false));
    listener.listen(port, '127.0.0.1', () => listener.close(() => resolve(true)));
  });
}
