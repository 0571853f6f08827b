import { type Cluster, podOf } from '../core/cluster.ts';
import { Failure } from '../core/failure.ts';
import { brokenPromises } from '../core/invariants.ts';
import { leaveReplicas } from '../core/replicas-owner.ts';
import { ALLOW_WORDS, type AllowWord } from '../core/request.ts';
import { isNewborn } from '../core/slot-findings.ts';
import { union } from '../core/slots.ts';
import { counted, listed as inWords, slotsInWords } from '../core/wording.ts';
import { KINDS } from '../steps/index.ts';
import { slotsOf } from '../steps/seen.ts';
import { fullSyncs } from './full-syncs.ts';
import type { Danger, Plan } from './plan.ts';
import { receiverDangers } from './receivers.ts';
import { crowdWords } from './refusals.ts';
import { refusedWrites } from './writes-refusal.ts';

type Parts = Pick<Plan, 'topology' | 'layout' | 'before' | 'stages' | 'after' | 'returning'>;

/** Failovers and full syncs of which each is named; more are only counted. */
const MOST_NAMED = 8;

/**
 * What people should know before they agree to a plan; nothing for a plan without steps.
 * @param states the cluster before each stage, and after the last
 */
export function dangersOf(plan: Parts, states: readonly Cluster[]): readonly Danger[] {
  if (plan.stages.length === 0) return [];
  return [
    ...destruction(plan),
    ...volumes(plan),
    ...lost(plan),
    ...forgotten(plan),
    ...placement(plan),
    ...redundancy(plan, states),
    ...syncs(plan, states),
    ...failovers(plan),
    ...refusedWrites(plan, states),
    ...receiverDangers(plan, states),
    ...scaling(plan),
    ...returning(plan),
  ];
}

/** The words that a plan needs and that were not given. */
export function missingAllow(plan: Pick<Plan, 'dangers'>, allowed: readonly AllowWord[]): readonly AllowWord[] {
  const needed = new Set(plan.dangers.map((danger) => danger.needs));
  return ALLOW_WORDS.filter((word) => needed.has(word) && !allowed.includes(word));
}

/** What needs an `allow` word that is not given makes the whole plan one that is not carried out; null where none is missing. */
export function notAllowed(plan: Pick<Plan, 'dangers'>, allowed: readonly AllowWord[]): Failure | null {
  const missing = missingAllow(plan, allowed);
  if (missing.length === 0) return null;
  const words = missing.map((word) => `\`${word}\``).join(', ');
  const details = plan.dangers.filter((danger) => danger.needs !== null && missing.includes(danger.needs));
  return new Failure(
    'not-allowed',
    `Refused: the plan needs ${words} in the input \`allow\`, and the run does not have it.`,
    {
      remedy: `Add \`allow: ${missing.join(' ')}\` to the workflow step if that is what you want.`,
      details: details.map((danger) => danger.text),
    },
  );
}

function stepsOf({ stages }: Parts) {
  return stages.flat().map((planned) => planned.step);
}

function destruction(plan: Parts): readonly Danger[] {
  if (plan.topology.state === 'present') return [];
  const pods = plan.before.workload?.replicas ?? plan.before.pods.length;
  const keys = plan.before.members.reduce((sum, { role, facts }) => sum + (role === 'primary' ? facts.keys : 0), 0);
  const whole = `Deletes the cluster ${plan.topology.name} with ${counted(pods, 'pod')} and ${counted(keys, 'key')}.`;
  const text = pods > 0 ? whole : `Deletes what is left of the cluster ${plan.topology.name}.`;
  return [{ code: 'destroys', text, needs: 'destroy' }];
}

function volumes(plan: Parts): readonly Danger[] {
  const claims = stepsOf(plan).flatMap((step) => (step.kind === 'delete-volumes' ? step.volumes : []));
  if (claims.length === 0) return [];
  const needs = plan.topology.state === 'absent' ? 'destroy' : 'delete-volumes';
  const text = `Deletes ${counted(claims.length, 'volume')}: ${claims.join(', ')}.`;
  return [text, ...whyThoughRetained(plan)].map((part): Danger => ({ code: 'deletes-volumes', text: part, needs }));
}

/** Texts of their own, as a comment cuts long ones. */
function whyThoughRetained({ topology, before }: Parts): readonly string[] {
  if (topology.state === 'absent' || topology.volumes.onScaleDown === 'delete') return [];
  const name = before.workload?.name ?? '';
  return [
    `Kubernetes does that when the pods go, though the topology says \`onScaleDown: retain\`: the StatefulSet ${name} has \`persistentVolumeClaimRetentionPolicy.whenScaled: Delete\`.`,
    'To keep these volumes, set `whenScaled: Retain` in the StatefulSet and in the manifest or chart that it comes from, then plan again.',
  ];
}

function lost(plan: Parts): readonly Danger[] {
  const given = stepsOf(plan).flatMap((step) => (step.kind === 'assign-slots' ? [slotsOf(step.slots)] : []));
  if (given.length === 0 || isNewborn(plan.before)) return [];
  const text = `No primary owns ${slotsInWords(union(...given))}, and nobody holds a key of them: what they held is lost. Primaries get them, empty.`;
  return [{ code: 'assigns-lost-slots', text, needs: 'assign-lost-slots' }];
}

function forgotten(plan: Parts): readonly Danger[] {
  const nodes = stepsOf(plan).flatMap((step) => (step.kind === 'forget' ? [step.node] : []));
  if (nodes.length === 0) return [];
  const text = `Forgets ${counted(nodes.length, 'node')} that no pod is: ${nodes.join(', ')}.`;
  return [{ code: 'forgets-nodes', text, needs: 'forget-unknown-nodes' }];
}

/** Where all pods are in one place that is said, and not of every shard anew. */
function placement({ layout, before }: Parts): readonly Danger[] {
  const shared = sharedByAll(layout, before);
  const text = `All ${layout.pods.length} pods are on ${shared}: every slot is gone when that fails.`;
  const texts = shared === '' ? layout.crowded.map(crowdWords) : [text];
  return texts.map((one): Danger => ({ code: 'placement-not-kept', text: one, needs: null }));
}

/** `node-1 (zone-b)`; empty where there is no label that says the same of all pods, or another rule is broken besides. */
function sharedByAll({ pods, crowded }: Parts['layout'], before: Cluster): string {
  const labels = [...new Set(crowded.map(({ label }) => label))];
  const domains = labels.map((label) => {
    const found = new Set(pods.map((pod) => podOf(before, pod)?.domains[label] ?? ''));
    return found.size === 1 ? ([...found][0] ?? '') : '';
  });
  const [first = '', ...more] = domains;
  if (domains.includes('')) return '';
  return more.length === 0 ? first : `${first} (${more.join(', ')})`;
}

function redundancy(plan: Parts, states: readonly Cluster[]): readonly Danger[] {
  const { topology, before, stages } = plan;
  if (topology.state === 'absent') return [];
  const declared = topology.replicasPerShard;
  const lowered = stages.flatMap((stage, i): readonly Danger[] => {
    const broken = brokenPromises(states[i] ?? before, states[i + 1] ?? before, declared).redundancy;
    return broken.map((text) => ({ code: 'redundancy-lowered', text: lackWords(text, stage), needs: null }));
  });
  const hadReplicas = before.members.some((member) => member.joined && member.role === 'replica');
  if (declared > 0 || !hadReplicas || plan.returning.length > 0) return lowered;
  const text = 'From now on no shard has a replica: when a pod is lost, its slots cannot be reached until it is back.';
  return [...lowered, { code: 'redundancy-lowered', text, needs: null }];
}

/** @param lack `The shard of redis-cluster-1 has 0 of 1 replicas` */
function lackWords(lack: string, stage: Parts['stages'][number]): string {
  const text = lack.replace(/has 0 of \d+ replicas$/, 'has no replica');
  const copying = stage.flatMap(({ step }) => (step.kind === 'replicate' ? [step] : []));
  if (copying.length < stage.length) return `${text} after "${stage.map(({ step }) => KINDS.words(step)).join('; ')}".`;
  const named = copying.map((step) => `${step.pod} copies from ${step.primary}`).slice(0, MOST_NAMED);
  const more = copying.length > named.length ? ` and ${copying.length - named.length} more copy` : '';
  return `${text} while ${named.join(', ')}${more}.`;
}

function syncs(plan: Parts, states: readonly Cluster[]): readonly Danger[] {
  const all = fullSyncs(plan.stages, states);
  if (all.length === 0) return [];
  const named = all.map(({ step }) => `${step.pod} from ${step.primary}`);
  const text = `${counted(all.length, 'replica')} ${all.length === 1 ? 'copies' : 'copy'} a whole shard${listed(named)}.`;
  return [{ code: 'full-sync', text, needs: null }];
}

function failovers(plan: Parts): readonly Danger[] {
  const named = stepsOf(plan).flatMap((step) =>
    step.kind === 'fail-over' ? [`${step.pod} takes over from ${step.from}`] : [],
  );
  if (named.length === 0) return [];
  const shards = `${counted(named.length, 'shard')} ${named.length === 1 ? 'changes its' : 'change their'} primary`;
  return [{ code: 'fail-over', text: `${shards}, writes there pause for milliseconds${listed(named)}.`, needs: null }];
}

function scaling(plan: Parts): readonly Danger[] {
  const dangers: Danger[] = [];
  const shards = plan.layout.shards.length;
  if (plan.topology.state === 'present' && shards < 3 && plan.returning.length === 0) {
    const text = `With ${counted(shards, 'primary', 'primaries')} no failover happens by itself; three are needed.`;
    dangers.push({ code: 'few-primaries', text, needs: null });
  }
  const { owners = [], name = '' } = plan.before.workload ?? {};
  if (owners.length > 0 && stepsOf(plan).some((step) => step.kind === 'scale')) {
    const text = `The number of pods is also written by ${owners.join(' and ')}, which may set it back.`;
    // Texts of their own: a comment cuts long ones, and half a line of configuration is of no use.
    const lines = owners.map((owner) => leaveReplicas(owner, name));
    dangers.push(
      ...[text, ...lines].map((part): Danger => ({ code: 'replicas-owned-elsewhere', text: part, needs: null })),
    );
  }
  return dangers;
}

function returning({ returning: pods }: Parts): readonly Danger[] {
  if (pods.length === 0) return [];
  const [those, they] =
    pods.length === 1
      ? ['comes back on the volume that was kept of it', 'it answers']
      : ['come back on the volumes that were kept of them', 'they answer'];
  const text = `${inWords(pods)} ${those}, with what the cluster may lack now. What else is to be done is known when ${they}: it is another plan.`;
  return [{ code: 'rest-unknown', text, needs: null }];
}

function listed(names: readonly string[]): string {
  if (names.length <= MOST_NAMED) return `: ${names.join(', ')}`;
  return `: ${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`;
}
