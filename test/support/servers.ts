import { spawnSync } from 'node:child_process';

/** A Redis or Valkey server program to test with. */
export interface ServerProgram {
  /** redis-7.0: also the name of its folder of fixtures. */
  readonly name: string;
  /** Path of the program, or its name in PATH. */
  readonly program: string;
}

/** The servers of REDIS_SERVERS, one `name=program` pair each, or what PATH has. Throws when there are none. */
function serversFrom(list: string | undefined): readonly ServerProgram[] {
  const servers = list === undefined || list.trim() === '' ? serversOnPath() : list.split(/[\s,]+/).flatMap(serverOf);
  if (servers.length > 0) return servers;
  throw new Error('No server to test with: install redis-server or valkey-server, or set REDIS_SERVERS=name=program,…');
}

function serverOf(pair: string): readonly ServerProgram[] {
  if (pair === '') return [];
  const at = pair.indexOf('=');
  if (at < 1) throw new Error(`REDIS_SERVERS has "${pair}", which is not name=program.`);
  return [{ name: pair.slice(0, at), program: pair.slice(at + 1) }];
}

function serversOnPath(): readonly ServerProgram[] {
  return ['redis-server', 'valkey-server'].flatMap((program) => {
    const version = versionOf(program);
    return version === null ? [] : [{ name: `${program.replace('-server', '')}-${version}`, program }];
  });
}

/** `7.0`, or null where there is no such program. */
function versionOf(program: string): string | null {
  const { stdout, error } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (error === undefined) return /v=(\d+\.\d+)/.exec(stdout)?.[1] ?? null;
  if ('code' in error && error.code === 'ENOENT') return null;
  throw error;
}

export const SERVERS: readonly ServerProgram[] = serversFrom(process.env['REDIS_SERVERS']);

const FEW = process.env['FEW_SERVERS'] === '1';

/**
 * For long tests of what versions hardly differ in: all, or with FEW_SERVERS=1 the first one given and the newest of each kind.
 * Lists go from old to new.
 */
export const REPRESENTATIVES: readonly ServerProgram[] = SERVERS.filter((server, i) => i === 0 || isOfFew(server, i));

/** For the longest of them, likewise, without the first one. */
export const NEWEST: readonly ServerProgram[] = SERVERS.filter(isOfFew);

function isOfFew({ name }: ServerProgram, i: number): boolean {
  const [kind = ''] = name.split('-');
  return !FEW || i === SERVERS.findLastIndex((other) => other.name.startsWith(kind));
}

/** A long test's cases, each with the servers to try it on: on all, or with FEW_SERVERS=1 on one, in turn. */
export function onEach<T>(cases: readonly T[]): readonly { readonly one: T; readonly server: ServerProgram }[] {
  return cases.flatMap((one, i) => {
    const its = SERVERS[i % SERVERS.length];
    return (FEW && its !== undefined ? [its] : SERVERS).map((server) => ({ one, server }));
  });
}

/** The first one, for tests in which the version means nothing. */
export function anyServer(): ServerProgram {
  const [first] = SERVERS;
  if (first === undefined) throw new Error('No server to test with.');
  return first;
}

/** Only Valkey 9 and later keep several databases in cluster mode. */
export function hasDatabases({ name }: ServerProgram): boolean {
  return Number(/^valkey-(\d+)/.exec(name)?.[1] ?? 0) >= 9;
}

/** Whether the server was built so that it knows a line of configuration, such as `tls-port 0`. It is not started. */
export function knows(server: ServerProgram, line: string): boolean {
  // The second line stops every server; one that does not know the first stops there.
  const { stdout, stderr } = spawnSync(server.program, ['-'], { input: `${line}\nno-such-line\n`, encoding: 'utf8' });
  return /at line 2\b/.test(stdout + stderr);
}
