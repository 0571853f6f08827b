import { Failure } from '../../core/failure.ts';
import { type Mistake, mistakeWords } from '../../core/mistake.ts';
import type { Place, Topology } from '../../core/topology.ts';
import { findTopologies } from './find.ts';
import { readTopology } from './read.ts';

/**
 * All topologies that the patterns name.
 * Throws Failure `topology-not-found`, or `invalid-topology` for mistakes in any of them and for two about one cluster.
 * @param show told the mistakes, which have places
 */
export async function readTopologies(
  workspace: string,
  patterns: readonly string[],
  show: (mistakes: readonly Mistake[]) => void,
): Promise<readonly Topology[]> {
  const files = await findTopologies(workspace, patterns);
  const read = files.map(({ file, text }) => readTopology(text, file));
  const mistakes = read.flatMap((result) => (result.kind === 'mistakes' ? result.mistakes : []));
  if (mistakes.length > 0) {
    show(mistakes);
    const places = mistakes.map((one) => `${one.file}:${one.line}:${one.column} ${mistakeWords(one)}`);
    const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
    throw new Failure('invalid-topology', `The topology has ${count}: ${places[0] ?? ''}`, {
      remedy: 'Correct the lines that are marked; docs/topology.md describes every key.',
      details: places,
    });
  }
  const topologies = read.flatMap((result) => (result.kind === 'topology' ? [result.topology] : []));
  refuseTwins(topologies);
  return topologies;
}

/** Two files about one StatefulSet would undo each other; two clusters of one name would share a comment. */
function refuseTwins(topologies: readonly Topology[]): void {
  for (const [i, topology] of topologies.entries()) {
    const twin = topologies
      .slice(0, i)
      .find((other) => other.name === topology.name || isSame(other.kubernetes, topology.kubernetes));
    if (twin === undefined) continue;
    throw new Failure(
      'invalid-topology',
      `${twin.file} and ${topology.file} are about the same cluster "${topology.name}".`,
      {
        remedy: 'Give each its own `name` and StatefulSet, or narrow the `topology` input.',
      },
    );
  }
}

function isSame(a: Place, b: Place): boolean {
  return a.namespace === b.namespace && a.statefulSet === b.statefulSet;
}
