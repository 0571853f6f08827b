import { isList } from '../core/replies.ts';
import type { Command, Connection } from '../ports/redis.ts';

/** Where MIGRATE on one server finds another one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const PORTS = ['port', 'tls-port', 'tls-cluster', 'cluster-announce-port', 'cluster-announce-tls-port'] as const;

/**
 * The port of the receiver that the donor's MIGRATE speaks to. CLUSTER NODES shows the one for connections of the asker's kind, while
 * MIGRATE goes by `tls-cluster` (migrateGetSocket of cluster.c): the two differ where a server listens with TLS and without.
 * The port as it is known, where the servers do not tell (CONFIG is optional) or have one only.
 */
export async function portForMigrate(
  { donor, receiver, known }: { readonly donor: Connection; readonly receiver: Connection; readonly known: number },
  signal: AbortSignal,
): Promise<number> {
  const own = await settingsOf(donor, signal);
  if (portOf(own, 'port') === 0 || portOf(own, 'tls-port') === 0) return known;
  const other = await settingsOf(receiver, signal);
  const isTls = own.get('tls-cluster') === 'yes';
  const announced = portOf(other, isTls ? 'cluster-announce-tls-port' : 'cluster-announce-port');
  return announced || portOf(other, isTls ? 'tls-port' : 'port') || known;
}

/** Empty where the user has no right to ask, or the answer has another form. */
async function settingsOf(connection: Connection, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const commands = PORTS.map((name): Command => ['CONFIG', 'GET', name]);
  const answers = await connection.send(commands, { signal });
  const found = answers.map((answer) => (answer.ok && isList(answer.value) ? answer.value.map(String) : []));
  return new Map(found.flatMap(([name, value]) => (name === undefined || value === undefined ? [] : [[name, value]])));
}

function portOf(settings: ReadonlyMap<string, string>, name: (typeof PORTS)[number]): number {
  const port = Number(settings.get(name));
  return Number.isInteger(port) ? port : 0;
}
