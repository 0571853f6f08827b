import { readdirSync, readFileSync } from 'node:fs';
import type { Cluster, Domains, ManifestSet, Member } from '../../../src/core/cluster.ts';
import type { Finding } from '../../../src/core/findings.ts';
import { ALL_SLOTS, count, parse, type SlotSet } from '../../../src/core/slots.ts';
import type { Share, Topology } from '../../../src/core/topology.ts';
import type { Planned } from '../../../src/plan/plan.ts';
import { KINDS } from '../../../src/steps/index.ts';
import { manifestsOf, memberOf, NOTHING, podOf, volumeOf, workloadOf } from '../../support/cluster.ts';
import { placeOf, topologyOf } from '../../support/topology.ts';

/**
 * Golden plans: one text file a case, with the topology, the cluster and the plan that is expected. Everything before the line
 * `plan` is written by hand, what follows by `UPDATE_GOLDEN=1 npm run unit -- golden-plans`.
 *
 *   # What the case is about.
 *   topology                        shards 4 | shards 2:1:0-99 (weights or slots), replicas 1, state absent,
 *     shards 4                      onScaleDown delete, whenUnsatisfiable fail, spreadBy host zone
 *   cluster
 *     statefulset 6                 or: no statefulset; manifests; remains Kind/name; volumes 0-7; keys 0 (default: 10 a slot, of 100 bytes); maxmemory 9 (MB);
 *     0 a1 primary 0-5460           owner Argo CD; whenScaled Delete (of the volumes, by Kubernetes); finding blocks pod-silent Text.; stranger NODE at 0
 *     1 b1 replica of 0             pods by ordinal with their node, its first letter the zone; `-` for no node yet
 *     2 c1 blank                    roles: primary SLOTS, primary (no slots), replica of N, lagging replica of N, blank, not ready (and silent);
 *                                   ROLE, not ready: it answers all the same
 */
export interface Case {
  readonly name: string;
  readonly path: string;
  /** What is written by hand. */
  readonly given: string;
  readonly expected: string;
  readonly topology: Topology;
  readonly cluster: Cluster;
}

const NAME = 'redis-cluster';

export function readCases(folder: URL): readonly Case[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));
  return files.toSorted().map((file) => readCase(file, new URL(file, folder)));
}

function readCase(file: string, url: URL): Case {
  const text = readFileSync(url, 'utf8');
  const at = text.indexOf('\nplan\n');
  const given = at === -1 ? `${text.trimEnd()}\n` : text.slice(0, at + 1);
  const sections = sectionsOf(given, file);
  const topology = topologyIn(sections.get('topology') ?? [], file);
  return {
    name: file.replace('.txt', '').replaceAll('-', ' '),
    path: url.pathname,
    given,
    expected: text.slice(given.length),
    topology,
    cluster: clusterOf(sections.get('cluster') ?? [], file),
  };
}

/** What the file is to say after the given part. */
export function printPlanned(planned: Planned): string {
  if (planned.kind === 'refused') {
    const { code, message, remedy, details } = planned.failure;
    return [
      'plan',
      `  refused: ${code}`,
      `  ${message}`,
      `  ${remedy}`,
      ...details.map((line) => `    ${line}`),
      '',
    ].join('\n');
  }
  const { stages, dangers, unbound, layout } = planned.plan;
  const lines = stages.flatMap((stage, i) =>
    stage.map(({ step, facts }, j) => {
      const rests = Object.entries(facts).map(([name, value]) => `${name}: ${value === '' ? 'none' : value}`);
      return `  ${(j === 0 ? `${i + 1}.` : '').padEnd(4)}${short(KINDS.words(step)).padEnd(64)} | ${short(rests.join('; '))}`;
    }),
  );
  const shards = layout.shards.map(
    ({ primary, replicas, slots }) => `  ${[primary, ...replicas].map(short).join(' ')} · ${count(slots)}`,
  );
  return [
    'plan',
    ...(lines.length === 0 ? ['  nothing to do'] : lines),
    ...section(
      'dangers',
      dangers.map(
        (danger) => `  ${danger.code}${danger.needs === null ? '' : ` (needs ${danger.needs})`}: ${danger.text}`,
      ),
    ),
    ...section('to be bound', unbound.length === 0 ? [] : [`  ${unbound.map(short).join(' ')}`]),
    ...section('layout', shards),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}

/** `redis-cluster-6` as `6`, so that a case can be read at a glance. */
function short(text: string): string {
  return text.replaceAll(`${NAME}-`, '#');
}

function sectionsOf(text: string, file: string): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  let current: string[] | null = null;
  for (const line of text.split('\n')) {
    if (line.startsWith('#') || line.trim() === '') continue;
    if (line.startsWith(' ')) {
      if (current === null) throw new Error(`${file}: "${line}" belongs to no section.`);
      current.push(line.trim());
    } else {
      current = [];
      sections.set(line.trim(), current);
    }
  }
  return sections;
}

function topologyIn(lines: readonly string[], file: string): Topology {
  let topology = topologyOf(placeOf(NAME), { shards: 0, replicas: 1 });
  for (const line of lines) {
    const [word = '', ...rest] = line.split(' ');
    const value = rest.join(' ');
    if (word === 'shards') topology = { ...topology, shards: sharesOf(value) };
    else if (word === 'replicas') topology = { ...topology, replicasPerShard: Number(value) };
    else if (line === 'state absent') topology = { ...topology, state: 'absent' };
    else if (line === 'onScaleDown delete') topology = { ...topology, volumes: { onScaleDown: 'delete' } };
    else if (line === 'whenUnsatisfiable fail')
      topology = { ...topology, placement: { ...topology.placement, whenUnsatisfiable: 'fail' } };
    else if (word === 'spreadBy')
      topology = { ...topology, placement: { ...topology.placement, spreadBy: rest.map(label) } };
    else throw new Error(`${file}: cannot read "${line}".`);
  }
  return topology;
}

function label(word: string): string {
  return word === 'zone' ? 'topology.kubernetes.io/zone' : 'kubernetes.io/hostname';
}

function sharesOf(text: string): readonly Share[] {
  if (/^\d+$/.test(text)) return Array.from({ length: Number(text) }, () => ({ kind: 'weight', weight: 1 }));
  return text.split(':').map((part): Share => {
    if (/^\d+$/.test(part)) return { kind: 'weight', weight: Number(part) };
    return { kind: 'slots', slots: slotsIn(part) };
  });
}

function slotsIn(text: string): SlotSet {
  const set = text === 'all' ? ALL_SLOTS : parse(text);
  if (set === null) throw new Error(`"${text}" is no list of slots.`);
  return set;
}

function clusterOf(lines: readonly string[], file: string): Cluster {
  let cluster = NOTHING;
  let keysPerSlot = 10;
  let maxMemory = 0;
  for (const line of lines) {
    const [word = '', ...rest] = line.split(' ');
    const value = rest.join(' ');
    if (line === 'no statefulset') continue;
    if (word === 'statefulset') cluster = { ...cluster, workload: workloadOf(NAME, Number(value)) };
    else if (word === 'owner' && cluster.workload !== null)
      cluster = { ...cluster, workload: { ...cluster.workload, owners: [value] } };
    else if (line === 'whenScaled Delete' && cluster.workload !== null)
      cluster = { ...cluster, workload: { ...cluster.workload, volumesGoWithPods: true } };
    else if (word === 'keys') keysPerSlot = Number(value);
    else if (word === 'maxmemory') maxMemory = Number(value) * 1_000_000;
    else if (word === 'manifests') cluster = { ...cluster, manifests: manifestsWith(rest) };
    else if (word === 'remains') cluster = { ...cluster, remains: rest };
    else if (word === 'volumes') cluster = { ...cluster, volumes: volumesOf(value) };
    else if (word === 'kubernetes-nodes') cluster = { ...cluster, kubernetesNodes: rest.map(domainsOf) };
    else if (word === 'finding') cluster = { ...cluster, findings: [...cluster.findings, findingOf(rest)] };
    else if (word === 'stranger') cluster = { ...cluster, strangers: [...cluster.strangers, strangerOf(rest)] };
    else if (/^\d+$/.test(word)) cluster = withPod(cluster, line, { keysPerSlot, maxMemory }, file);
    else throw new Error(`${file}: cannot read "${line}".`);
  }
  return cluster;
}

/** `manifests Namespace/cache`: that too. */
function manifestsWith(more: readonly string[]): ManifestSet {
  const resources = more.map((resource) => {
    const [kind = '', name = ''] = resource.split('/');
    return { apiVersion: 'v1', kind, name, namespace: null, document: {} };
  });
  const usual = manifestsOf(NAME);
  return { ...usual, resources: [...resources, ...usual.resources] };
}

function volumesOf(text: string): Cluster['volumes'] {
  const first = slotsIn(text)[0]?.[0] ?? 0;
  return Array.from({ length: count(slotsIn(text)) }, (_, i) => volumeOf(NAME, first + i));
}

function findingOf([weight, code, ...words]: readonly string[]): Finding {
  if (weight !== 'blocks' && weight !== 'differs') throw new Error(`"${weight}" is no weight.`);
  if (code !== 'pod-silent' && code !== 'unknown-node' && code !== 'open-slots' && code !== 'not-cluster-mode') {
    throw new Error(`"${code}" is no finding that cases know.`);
  }
  return { code, weight, text: words.join(' '), remedy: 'Mend it.', pods: [] };
}

/** `stranger NODE at 0`: a former node of a pod. */
function strangerOf([id = '', , ordinal]: readonly string[]): Cluster['strangers'][number] {
  const stranger = {
    id,
    address: '10.0.0.1:6379@16379',
    role: 'replica',
    slots: [],
    failed: true,
    knownBy: [],
    followers: [],
  } as const;
  return ordinal === undefined ? stranger : { ...stranger, ghostOf: `${NAME}-${ordinal}` };
}

/** `a1` is a node in zone-a. */
function domainsOf(node: string): Domains {
  return { [label('host')]: node, [label('zone')]: `zone-${node[0]}` };
}

interface Load {
  readonly keysPerSlot: number;
  readonly maxMemory: number;
}

function withPod(cluster: Cluster, line: string, load: Load, file: string): Cluster {
  const [ordinal, node = '-', ...role] = line.split(/ +/);
  const pod = podOf(NAME, Number(ordinal), {
    node: node === '-' ? null : node,
    domains: node === '-' ? {} : domainsOf(node),
    ready: !line.endsWith('not ready'),
  });
  const member = memberIn(pod.name, role.join(' ').replace(/, not ready$/, ''), { cluster, load, file });
  return {
    ...cluster,
    pods: [...cluster.pods, pod],
    members: member === null ? cluster.members : [...cluster.members, member],
  };
}

function memberIn(
  pod: string,
  role: string,
  { cluster, load, file }: { cluster: Cluster; load: Load; file: string },
): Member | null {
  if (role === 'not ready') return null;
  const [, lagging, leader] = /^(lagging )?replica of (\d+)$/.exec(role) ?? [];
  const owned = /^primary(?: (\S+))?$/.exec(role);
  if (role !== 'blank' && leader === undefined && owned === null) throw new Error(`${file}: "${role}" is no role.`);
  const own = slotsIn(owned?.[1] ?? '');
  const primary = leader === undefined ? null : `${NAME}-${leader}`;
  const keys = count(own) * load.keysPerSlot;
  return memberOf(
    pod,
    {
      id: pod.padStart(40, '0'),
      joined: role !== 'blank',
      role: primary === null ? 'primary' : 'replica',
      primary,
      slots: own,
      configEpoch: cluster.members.length + 1,
      synced: lagging === undefined,
    },
    { keys, memory: 2_000_000 + keys * 100, dataset: keys * 100, maxMemory: load.maxMemory },
  );
}
