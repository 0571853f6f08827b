import { run } from '../../../src/steps/move-slots/run.ts';
import { serversByPort } from '../../support/servers-by-port.ts';
import { move, stageOf } from './stage.ts';

// One move in a process of its own, for tests that kill it: worker.ts <ports of the pods> <from> <to> <first> <last> [atomic]
const [ports = '', from = '', to = '', first = '', last = '', way = 'classic'] = process.argv.slice(2);
const servers = serversByPort(ports.split(',').map(Number));
await using redis = servers.redis;
const context = await stageOf(servers, redis, { method: way === 'atomic' ? 'atomic' : 'classic' });
process.stdout.write('moving\n');
await run(move(from, to, [[Number(first), Number(last)]]), context);
