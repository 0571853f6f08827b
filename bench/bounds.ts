import { readdirSync } from 'node:fs';

/** What one step of a benchmark has used. */
export interface Used {
  /** Connections that were open at once. */
  readonly most: number;
  /** How many more that is than before. */
  readonly more: number;
  readonly commands: number;
  /** Files and sockets that were open at once beyond those before; null where the system does not tell. */
  readonly handles: number | null;
}

export interface Bounds {
  /** Connections at once, besides one to each server. */
  readonly besides: number;
  /** Commands for each server. */
  readonly commands: number;
}

/** Open besides connections: files that are read, the outputs of servers that are started, what the runtime opens for itself. */
const OTHER_HANDLES = 100;
const PAUSE = 100;

/** What was used beyond its bounds, in words. */
export function beyond({ most, more, commands, handles }: Used, servers: number, bounds: Bounds): readonly string[] {
  const found: string[] = [];
  const check = (what: string, seen: number, limit: number): void => {
    if (seen > limit) found.push(`${what}: ${seen}, more than ${limit}`);
  };
  check('connections at once', most, servers + bounds.besides);
  check('commands', commands, servers * bounds.commands);
  if (handles !== null) check('files and sockets', handles, more + OTHER_HANDLES);
  return found;
}

/** Looks again and again how many files and sockets this process has open; `stop` tells by how many they grew at most. */
export function watchHandles(): { stop(): number | null } {
  const before = openHandles();
  let most = before;
  const timer = setInterval(() => {
    const now = openHandles();
    most = now === null || most === null ? null : Math.max(most, now);
  }, PAUSE);
  return {
    stop: () => {
      clearInterval(timer);
      return before === null || most === null ? null : most - before;
    },
  };
}

function openHandles(): number | null {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : null;
}
