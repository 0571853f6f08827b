import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from '../../src/core/replies.ts';
import type { Command } from '../../src/ports/redis.ts';
import { type LocalPlatform, startLocalPlatform } from './local-platform.ts';
import { freePort } from './local-server.ts';
import { SERVERS, type ServerProgram } from './servers.ts';

// Writes test/fixtures/<server>: what each server of REDIS_SERVERS prints. Run it when a server version is added:
//   REDIS_SERVERS=name=program,… node test/support/capture-fixtures.ts
const ROOT = join(import.meta.dirname, '..', 'fixtures');

/** Lines of INFO that tell of the machine that it was captured on. */
const OF_THE_MACHINE = /^(executable|config_file|os|run_id|gcc_version|monotonic_clock|multiplexing_api):/;

for (const server of SERVERS) await capture(server);

async function capture(server: ServerProgram): Promise<void> {
  const hasHostnames = !server.name.startsWith('redis-6');
  await using platform = await startLocalPlatform({
    server,
    pods: 7,
    nodeTimeout: 1_000,
    config: hasHostnames ? { 'cluster-announce-hostname': 'redis.cache.svc' } : {},
  });
  await save(platform, server, 'nodes-fresh', 'redis-cluster-6', ['CLUSTER', 'NODES']);
  await platform.form({ shards: 3, replicas: 1 });
  await platform.call('redis-cluster-0', ['SET', 'key:0', 'value']);
  const ids = await Promise.all([0, 1, 2].map((n) => platform.call(`redis-cluster-${n}`, ['CLUSTER', 'MYID'])));
  const [, one = '', two = ''] = ids.map(String);
  await platform.call('redis-cluster-0', ['CLUSTER', 'SETSLOT', 0, 'MIGRATING', one]);
  await platform.call('redis-cluster-0', ['CLUSTER', 'SETSLOT', 16_383, 'IMPORTING', two]);
  await save(platform, server, 'nodes-open', 'redis-cluster-0', ['CLUSTER', 'NODES']);
  await save(platform, server, 'nodes-replica', 'redis-cluster-3', ['CLUSTER', 'NODES']);
  await save(platform, server, 'info-primary', 'redis-cluster-0', ['INFO']);
  await save(platform, server, 'info-replica', 'redis-cluster-3', ['INFO']);
  await save(platform, server, 'cluster-info', 'redis-cluster-0', ['CLUSTER', 'INFO']);
  await platform.call('redis-cluster-6', ['CLUSTER', 'MEET', '127.0.0.1', await freePort()]);
  await save(platform, server, 'nodes-handshake', 'redis-cluster-6', ['CLUSTER', 'NODES']);
  await platform.kill('redis-cluster-5');
  await platform.until(['redis-cluster-0'], (nodes) => /fail /.test(nodes));
  await save(platform, server, 'nodes-failed', 'redis-cluster-0', ['CLUSTER', 'NODES']);
}

async function save(
  platform: LocalPlatform,
  server: ServerProgram,
  name: string,
  pod: string,
  command: Command,
): Promise<void> {
  const printed = text(await platform.call(pod, command), name);
  const kept = printed.split('\n').filter((line) => !OF_THE_MACHINE.test(line));
  const wanted = name.startsWith('info-') ? sections(kept.join('\n')) : kept.join('\n');
  await mkdir(join(ROOT, server.name), { recursive: true });
  await writeFile(join(ROOT, server.name, `${name}.txt`), wanted);
}

/** The sections of INFO that are read, as they were printed. */
function sections(info: string): string {
  return info
    .split(/(?=^# )/m)
    .filter((section) => /^# (Server|Memory|Persistence|Replication|Cluster|Keyspace)/.test(section))
    .join('');
}
