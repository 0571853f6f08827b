import type { Certificates } from './certificates.ts';
import { BUS } from './local-server.ts';
import type { ServerProgram } from './servers.ts';

export interface LocalPlatformOptions {
  /** Default: the first one given. */
  readonly server?: ServerProgram;
  /** Another server for some pods, as during an update; default: the same for all. */
  readonly serverOf?: (ordinal: number) => ServerProgram;
  /** How many pods run at first; null: the StatefulSet does not exist yet. */
  readonly pods: number | null;
  /** Default: redis-cluster. */
  readonly name?: string;
  /** Which Kubernetes node a pod is on, with that node's labels. Default: three nodes, one in each of three zones. */
  readonly nodes?: (ordinal: number) => { readonly node: string; readonly domains: Readonly<Record<string, string>> };
  /** `cluster-node-timeout` in milliseconds; default 5000. */
  readonly nodeTimeout?: number;
  readonly password?: string;
  /** Who logs in with the password, clients and replicas alike; the user `default` is off then. */
  readonly username?: string;
  /** Default: none. */
  readonly tls?: Certificates;
  /**
   * Who speaks it. `all`, the default: it is all that there is, on the client port, on the bus and for replication. Else servers listen
   * with and without, and speak one way among themselves and the other one with clients.
   */
  readonly tlsFor?: 'all' | 'servers' | 'clients';
  readonly appendOnly?: boolean;
  /** Further lines of the server's configuration. */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * Leads to a server that is about to listen on `port` and `port` + 10000: the port that everybody else shall know in place
   * of it, likewise with its bus 10000 above. Default: none, all know the server's own.
   */
  readonly link?: (port: number) => Promise<number>;
}

/** A made-up Kubernetes of three nodes in three zones. */
export function threeZones(ordinal: number): { node: string; domains: Readonly<Record<string, string>> } {
  const node = `node-${(ordinal % 3) + 1}`;
  const zone = `zone-${'abc'[ordinal % 3]}`;
  return { node, domains: { 'kubernetes.io/hostname': node, 'topology.kubernetes.io/zone': zone } };
}

/**
 * The lines of a server's configuration.
 * @param known the port that everybody else shall know in place of the server's own
 */
export function configOf(options: LocalPlatformOptions, known: number | undefined): Readonly<Record<string, string>> {
  const { nodeTimeout = 5_000, appendOnly = false, tls, tlsFor, config = {} } = options;
  return {
    bind: '127.0.0.1',
    'protected-mode': 'no',
    'cluster-enabled': 'yes',
    'cluster-config-file': 'nodes.conf',
    'cluster-node-timeout': String(nodeTimeout),
    'cluster-announce-ip': '127.0.0.1',
    save: '',
    appendonly: appendOnly ? 'yes' : 'no',
    'repl-diskless-sync': 'yes',
    'repl-diskless-sync-delay': '0',
    ...authConfig(options),
    ...tls?.config,
    ...(tlsFor === 'clients' ? { 'tls-cluster': 'no', 'tls-replication': 'no' } : {}),
    ...config,
    ...announced(known),
  };
}

function announced(port: number | undefined): Readonly<Record<string, string>> {
  if (port === undefined) return {};
  return { 'cluster-announce-port': String(port), 'cluster-announce-bus-port': String(port + BUS) };
}

function authConfig({ username, password }: LocalPlatformOptions): Readonly<Record<string, string>> {
  if (password === undefined) return {};
  const masterauth = JSON.stringify(password);
  if (username === undefined) return { requirepass: masterauth, masterauth };
  return { user: `default off\nuser ${username} on >${password} ~* &* +@all`, masteruser: username, masterauth };
}
