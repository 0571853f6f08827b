import type { Member } from './cluster.ts';
import type { Finding } from './findings.ts';
import type { NodeAnswer } from './node-report.ts';

/**
 * Replicas in step without which a primary takes no writes; 0 for none. INFO counts them only where some are asked for: where
 * CONFIG does not tell how many, that proves one.
 */
export function neededReplicas({ info, minReplicas = 1 }: NodeAnswer): number {
  return info.goodReplicas === null ? 0 : Math.max(1, minReplicas);
}

/** Primaries with slots that answer every write with an error, and why, as far as their own figures prove it. */
export function refusedWrites(
  members: readonly Member[],
  answers: ReadonlyMap<string, NodeAnswer>,
): readonly Finding[] {
  return members.flatMap(({ pod, role, slots }): readonly Finding[] => {
    const answer = answers.get(pod);
    if (answer === undefined || role !== 'primary' || slots.length === 0) return [];
    const causes = [lackOfReplicas(answer), failedSave(answer), failedAppend(answer), fullMemory(answer)];
    return causes.flatMap((cause) => (cause === null ? [] : [findingOf(pod, cause)]));
  });
}

interface Cause {
  readonly weight: Finding['weight'];
  /** What it is about, for telling one from another while figures change. */
  readonly about: 'replicas' | 'disk' | 'memory';
  /** After the name of the pod. */
  readonly seen: string;
  readonly remedy: string;
}

function findingOf(pod: string, { weight, about, seen, remedy }: Cause): Finding {
  return { code: 'writes-refused', weight, text: `${pod} ${seen}.`, remedy, pods: [pod], about };
}

function lackOfReplicas(answer: NodeAnswer): Cause | null {
  const needed = neededReplicas(answer);
  const { goodReplicas } = answer.info;
  if (goodReplicas === null || goodReplicas >= needed) return null;
  const least = answer.minReplicas === undefined ? 'at least ' : '';
  return {
    weight: 'differs',
    about: 'replicas',
    seen: `refuses every write (NOREPLICAS): \`min-replicas-to-write\` asks for ${least}${needed} ${needed === 1 ? 'replica' : 'replicas'} in step, and it has ${goodReplicas}`,
    remedy: 'Bring its replicas back, or lower `min-replicas-to-write` (CONFIG SET, and in the configuration).',
  };
}

/** Servers refuse writes after a snapshot that failed only where they have save points, and are not told otherwise. */
function failedSave({ info, savePoints, stopsWhenSaveFails }: NodeAnswer): Cause | null {
  if (!info.saveFailed || savePoints === '' || stopsWhenSaveFails === false) return null;
  const remedy =
    'Look at its log and its disk (full, read-only, no memory for a fork); with the next BGSAVE that ends well it takes writes again.';
  if (savePoints !== null && stopsWhenSaveFails === true) {
    const seen = 'refuses every write (MISCONF): its last snapshot failed, and `stop-writes-on-bgsave-error` is `yes`';
    return { weight: 'differs', about: 'disk', seen, remedy };
  }
  const seen =
    'could not save its last snapshot; whether it refuses writes for that reason only CONFIG GET could tell, which it does not answer';
  return { weight: 'note', about: 'disk', seen, remedy };
}

function failedAppend({ info }: NodeAnswer): Cause | null {
  if (!info.appendFailed) return null;
  return {
    weight: 'differs',
    about: 'disk',
    seen: 'refuses every write (MISCONF): it could not write to its append-only file',
    remedy: 'Look at its log and its disk; when it can write to the file again it takes writes.',
  };
}

/** With a policy that drops keys a full server makes room, as long as it finds keys that it may drop. */
function fullMemory({ info }: NodeAnswer): Cause | null {
  const { maxMemory, memory, uncounted, evictionPolicy } = info;
  if (maxMemory === 0 || evictionPolicy !== 'noeviction' || memory - uncounted <= maxMemory) return null;
  return {
    weight: 'differs',
    about: 'memory',
    seen: 'refuses writes that need memory (OOM): it uses more than `maxmemory`, and may drop no key (`noeviction`)',
    remedy: 'Raise `maxmemory`, declare more shards, or delete keys.',
  };
}
