import type { Pod } from '../../src/core/cluster.ts';
import type { ServerInfo } from '../../src/core/info.ts';
import type { NodeAnswer } from '../../src/core/node-report.ts';
import type { NodeLine, NodeView } from '../../src/core/nodes.ts';
import { NO_SLOTS, parse } from '../../src/core/slots.ts';
import { podOf as anyPod } from './cluster.ts';

/** A node in a few words, for building what all nodes say of each other. */
export interface NodeSketch {
  /** The ordinal of its pod. */
  readonly n: number;
  readonly slots?: string;
  /** The ordinal that it replicates. */
  readonly of?: number;
  readonly epoch?: number;
  readonly keys?: number;
}

export function idOf(n: number): string {
  return n.toString(16).padStart(40, '0');
}

export function podOf(n: number, change: Partial<Pod> = {}): Pod {
  return anyPod('redis-cluster', n, { node: 'node-1', ...change });
}

export function lineOf(sketch: NodeSketch): NodeLine {
  return {
    id: idOf(sketch.n),
    ip: `10.0.0.${sketch.n}`,
    port: 6379,
    busPort: 16379,
    hostname: null,
    role: sketch.of === undefined ? 'primary' : 'replica',
    primary: sketch.of === undefined ? null : idOf(sketch.of),
    health: 'ok',
    handshake: false,
    addressKnown: true,
    configEpoch: sketch.epoch ?? sketch.n + 1,
    connected: true,
    slots: parse(sketch.slots ?? '') ?? NO_SLOTS,
  };
}

/** What every one of these nodes answers when all know all others. */
export function answersOf(sketches: readonly NodeSketch[]): NodeAnswer[] {
  return sketches.map((sketch) => ({
    kind: 'answered',
    pod: `redis-cluster-${sketch.n}`,
    view: { me: lineOf(sketch), others: sketches.filter((other) => other !== sketch).map(lineOf), open: [] },
    info: infoOf(sketch),
    stateOk: true,
    savePoints: '3600 1',
    minReplicas: 0,
    stopsWhenSaveFails: true,
  }));
}

export function infoOf(sketch: NodeSketch, change: Partial<ServerInfo> = {}): ServerInfo {
  return {
    software: 'redis',
    version: '8.0.6',
    uptime: 3_600,
    clusterMode: true,
    loading: false,
    keys: sketch.keys ?? 0,
    memory: 1_000_000,
    dataset: 100_000,
    maxMemory: 0,
    evictionPolicy: 'noeviction',
    uncounted: 0,
    appendOnly: false,
    appendFailed: false,
    saveFailed: false,
    goodReplicas: null,
    role: sketch.of === undefined ? 'primary' : 'replica',
    linkUp: true,
    primaryAddress: sketch.of === undefined ? null : `10.0.0.${sketch.of}:6379`,
    copying: false,
    offset: 1_000,
    modules: [],
    libraries: 0,
    ...change,
  };
}

/** The answer of pod `n` with another view. */
export function withView(
  answers: readonly NodeAnswer[],
  n: number,
  change: (view: NodeView) => NodeView,
): NodeAnswer[] {
  return answers.map((answer) =>
    answer.pod === `redis-cluster-${n}` ? { ...answer, view: change(answer.view) } : answer,
  );
}

/** The line of node `n` as others tell it, changed in their views. */
export function withLine(view: NodeView, n: number, change: Partial<NodeLine>): NodeView {
  return { ...view, others: view.others.map((line) => (line.id === idOf(n) ? { ...line, ...change } : line)) };
}
