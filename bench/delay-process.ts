import { once } from 'node:events';
import { createServer } from 'node:net';
import process from 'node:process';
import { lead } from '../test/support/tcp-link.ts';

/**
 * Stands in front of one server and its bus: what goes to the server arrives some milliseconds later, what comes back arrives
 * at once, so that every round trip takes that much longer: `delay-process.ts <port> <server's port> <milliseconds> <bus>`,
 * the bus that far above each port. Tells its parent when it listens.
 */
const [port = 0, target = 0, delay = 0, bus = 0] = process.argv.slice(2).map(Number);

process.once('disconnect', () => process.exit(0));
for (const above of [0, bus]) {
  const to = { host: '127.0.0.1', port: target + above };
  const server = createServer({ noDelay: true }, (socket) => lead(socket, to, { there: delay }));
  server.listen(port + above, '127.0.0.1');
  await once(server, 'listening');
}
process.send?.('started');
