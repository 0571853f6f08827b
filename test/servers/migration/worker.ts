import { run } from '../../../src/steps/move-slots/run.ts';
import { serversByPort } from '../../support/servers-by-port.ts';
import { move, stageOf } from './stage.ts';

// One move in a process of its own, for tests that kill it: worker.ts <ports of the pods> <from> <to> <first> <last> <method>
const [ports = '', from = '', to = '', first = '', last = '', word] = process.argv.slice(2);
const method = (['auto', 'atomic', 'classic'] as const).find((known) => known === word);
if (method === undefined) throw new Error(`No method of moving slots: ${word}`);
const servers = serversByPort(ports.split(',').map(Number));
await using redis = servers.redis;
const context = await stageOf(servers, redis, { method });
process.stdout.write('moving\n');
await run(move(from, to, [[Number(first), Number(last)]]), context);
