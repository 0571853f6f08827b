import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { startTraffic } from '../test/support/traffic.ts';

/** A writer and a reader until told to stop; then answers with what they saw, and with what is not as they left it. */
const { ports, prefix } = z.object({ ports: z.array(z.number()), prefix: z.string() }).parse(workerData);

const seeds = ports.map((port) => ({ host: '127.0.0.1', port }));
const traffic = await startTraffic({ seeds, password: null }, { writers: 1, readers: 1, prefix });
parentPort?.postMessage('started');
parentPort?.once('message', () => void end());

async function end(): Promise<void> {
  const report = await traffic.stop();
  parentPort?.postMessage({ ...report, differences: (await traffic.verify()).length });
}
