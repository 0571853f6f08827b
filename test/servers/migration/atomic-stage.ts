import type { Event } from '../../../src/core/events.ts';
import { count } from '../../../src/core/slots.ts';
import type { Redis } from '../../../src/ports/redis.ts';
import { digest, type KeyDigest, primariesOf } from '../../support/dataset.ts';
import type { LocalPlatform } from '../../support/local-platform.ts';
import { SERVERS, type ServerProgram } from '../../support/servers.ts';
import { stageOf } from './stage.ts';

/** Valkey from 9.0 on, Redis from 8.4 on. */
export function isAble({ name }: ServerProgram): boolean {
  const [software, major = 0, minor = 0] = name.split(/[-.]/).map((word, i) => (i === 0 ? word : Number(word)));
  return software === 'valkey' ? Number(major) >= 9 : Number(major) * 100 + Number(minor) >= 804;
}

/** Servers that move slots as a whole. */
export const able = SERVERS.filter(isAble);

/** What was loaded, not what traffic writes. */
export async function loaded(platform: LocalPlatform, redis: Redis): Promise<ReadonlyMap<string, KeyDigest>> {
  const all = await digest({ pods: await primariesOf({ pods: platform.pods(), redis }), redis });
  return new Map([...all].filter(([key]) => /^(key|typed):/.test(key)));
}

/** How many slots each pod owns. */
export async function slotsOf(platform: LocalPlatform, redis: Redis): Promise<readonly number[]> {
  const { cluster } = await stageOf(platform, redis);
  return cluster.members.map((member) => count(member.slots));
}

/** What the servers show of their jobs that have not ended. */
export async function jobsAtWork(platform: LocalPlatform): Promise<readonly string[]> {
  const list = platform.server.name.startsWith('valkey')
    ? ['CLUSTER', 'GETSLOTMIGRATIONS']
    : ['CLUSTER', 'MIGRATION', 'STATUS', 'ALL'];
  const found: string[] = [];
  for (const { name } of platform.pods()) {
    const reply = await platform.call(name, list);
    const jobs = Array.isArray(reply) ? reply.map((job) => (Array.isArray(job) ? job.map(String) : [])) : [];
    for (const job of jobs) {
      const state = job[job.indexOf('state') + 1] ?? '';
      // A Redis donor keeps a job that was cancelled at the receiver as failed, until the next one.
      const isOver = /^(success|completed|failed|cancell?ed)$/.test(state);
      if (!isOver) found.push(`${name}: ${job.join(' ')}`);
    }
  }
  return found;
}

/** Without what the load of the machine makes of the pace. */
export function notesOf(told: readonly Event[]): string {
  const notes = told.flatMap((event) => (event.kind === 'note' ? [event.text] : []));
  return notes.filter((text) => !text.startsWith('Back to full speed')).join('\n');
}

export function podName(n: number): string {
  return `redis-cluster-${n}`;
}
