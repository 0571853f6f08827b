import type { BrokenFile, Declared } from '../../core/declared.ts';
import { Failure } from '../../core/failure.ts';
import { type Mistake, mistakeWords } from '../../core/mistake.ts';
import type { Place, Topology } from '../../core/topology.ts';
import { findTopologies } from './find.ts';
import { readTopology } from './read.ts';

/**
 * All that the patterns name. A file with mistakes, and files about one cluster, do not keep the others from being read.
 * Throws Failure `topology-not-found` where there is no file at all.
 */
export async function readTopologies(workspace: string, patterns: readonly string[]): Promise<Declared> {
  const { files, unmatched } = await findTopologies(workspace, patterns);
  const read: Topology[] = [];
  const broken: BrokenFile[] = [];
  for (const { file, text } of files) {
    const result = readTopology(text, file);
    if (result.kind === 'topology') read.push(result.topology);
    else broken.push({ file, failure: mistaken(result.mistakes), mistakes: result.mistakes });
  }
  const topologies: Topology[] = [];
  for (const topology of read) {
    const failure = twinOf(topology, read);
    if (failure === null) topologies.push(topology);
    else broken.push({ file: topology.file, failure, mistakes: [] });
  }
  return { topologies, broken, unmatched };
}

function mistaken(mistakes: readonly Mistake[]): Failure {
  const places = mistakes.map((one) => `${one.file}:${one.line}:${one.column} ${mistakeWords(one)}`);
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  return new Failure('invalid-topology', `The topology has ${count}: ${places[0] ?? ''}`, {
    remedy: 'Correct the lines that are marked; docs/topology.md describes every key.',
    details: places,
  });
}

/** Two files about one StatefulSet would undo each other; outputs and plan files go by the name. */
function twinOf(topology: Topology, all: readonly Topology[]): Failure | null {
  const { file, name, kubernetes } = topology;
  const twin = all.find((other) => other !== topology && isSame(other.kubernetes, kubernetes));
  if (twin !== undefined) {
    const place = `${kubernetes.namespace}/${kubernetes.statefulSet}`;
    return new Failure('invalid-topology', `${inOrder(file, twin.file)} are about the same StatefulSet ${place}.`, {
      remedy: 'Keep one of the files, correct where the other points, or narrow the `topology` input.',
    });
  }
  const namesake = all.find((other) => other !== topology && other.name === name);
  if (namesake === undefined) return null;
  return new Failure('invalid-topology', `${inOrder(file, namesake.file)} declare two clusters of one name, ${name}.`, {
    remedy: 'Give one of them another `name`; without one a cluster is called like its StatefulSet.',
  });
}

function isSame(a: Place, b: Place): boolean {
  return a.namespace === b.namespace && a.statefulSet === b.statefulSet;
}

function inOrder(...files: readonly string[]): string {
  return files.toSorted().join(' and ');
}
