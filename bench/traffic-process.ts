import { once } from 'node:events';
import process from 'node:process';
import { startTraffic } from '../test/support/traffic.ts';

/** A writer and a reader. Told `begin` it counts anew, told `end` it answers with what they saw and how much is not as they left it. */
const seeds = process.argv.slice(2).map((port) => ({ host: '127.0.0.1', port: Number(port) }));

process.once('disconnect', () => process.exit(1));
const traffic = await startTraffic({ seeds, password: null }, { writers: 1, readers: 1, keys: 500 });
process.send?.('started');
await once(process, 'message');
traffic.countAnew();
process.send?.('begun');
await once(process, 'message');
const report = await traffic.stop();
process.send?.({ ...report, differences: (await traffic.verify()).length });
