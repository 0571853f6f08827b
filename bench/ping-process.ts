import { once } from 'node:events';
import { connect } from 'node:net';
import process from 'node:process';

/** Asks one server PING again and again, on a connection of its own, until told to stop; then answers with all times in ms. */
const port = Number(process.argv[2]);
const REST = 1;

const socket = connect({ host: '127.0.0.1', port, noDelay: true });
await once(socket, 'connect');
const times: number[] = [];
const stopping = new AbortController();
process.once('message', () => stopping.abort());
process.once('disconnect', () => process.exit(1));
process.send?.('started');
while (!stopping.signal.aborted) {
  const begun = performance.now();
  socket.write('PING\r\n');
  await once(socket, 'data');
  times.push(performance.now() - begun);
  await new Promise((resolve) => setTimeout(resolve, REST));
}
socket.destroy();
process.send?.(times);
