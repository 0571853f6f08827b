import { once } from 'node:events';
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';

/** Asks one server PING again and again, on a connection of its own, until told to stop; then answers with all times in ms. */
const { port } = z.object({ port: z.number() }).parse(workerData);
const REST = 1;

const socket = connect({ host: '127.0.0.1', port, noDelay: true });
await once(socket, 'connect');
const times: number[] = [];
let isStopped = false;
parentPort?.once('message', () => {
  isStopped = true;
});
while (!isStopped) {
  const begun = performance.now();
  socket.write('PING\r\n');
  await once(socket, 'data');
  times.push(performance.now() - begun);
  await new Promise((resolve) => setTimeout(resolve, REST));
}
socket.destroy();
parentPort?.postMessage(times);
