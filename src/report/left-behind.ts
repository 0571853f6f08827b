import type { Topology } from '../core/topology.ts';
import { code } from './escape.ts';
import { type CommentContext, footer } from './footer.ts';
import type { Subject } from './marker.ts';

/** A topology file that a pull request takes away, and what has become of its cluster. */
export interface LeftBehind {
  /** As the base branch has it. */
  readonly before: Topology;
  /** Where the file goes; null: deleted. */
  readonly to: string | null;
  /** What another file calls the same StatefulSet; null: no file is about it any more. */
  readonly heir: string | null;
}

/** For the comment and the summary: what the pull request does to a cluster that it no longer declares. */
export function leftBehindBody({ before, to, heir }: LeftBehind, context: CommentContext): string {
  const file = code(before.file);
  const deed = to === null ? `deletes ${file}` : `renames ${file} to ${code(to)}`;
  const what = heir === null ? wordsOfLoss(before, deed) : wordsOfHeir(before, deed, heir);
  return [`### Redis Cluster ${code(before.name)}`, '', ...what, '', footer(context, null)].join('\n');
}

/** The same in one line, without Markdown. */
export function leftBehindLine({ before, to, heir }: LeftBehind): string {
  const deed = to === null ? `deletes ${before.file}` : `renames ${before.file} to ${to}`;
  const end =
    heir === null ? 'nothing will be done, and the cluster stays as it is' : `it is called ${heir} from now on`;
  return `${before.name}: the pull request ${deed}: ${end}.`;
}

/**
 * For the comment of an earlier commit about a file that is not there any more. It is the same in every run: what leads to one is
 * put below it.
 * @param heir the file that declares the cluster now; null: none is known to
 */
export function withdrawnBody({ cluster, file }: Subject, heir: string | null): string {
  return [`### Redis Cluster ${code(cluster ?? file)}`, '', withdrawnWords({ cluster, file }, heir)].join('\n');
}

function withdrawnWords({ cluster, file }: Subject, heir: string | null): string {
  if (heir !== null) {
    return `**What is planned stands in the comment about ${code(heir)}.** An earlier commit had it in ${code(file)}.`;
  }
  // Of a file with mistakes nobody knows whether another one is about its cluster by now.
  if (cluster === null)
    return `**Nothing will be done for ${code(file)}: this pull request does not have it any more.**`;
  return `**Nothing will be done: no topology file of this pull request is about this cluster any more.** An earlier commit had it in ${code(file)}.`;
}

function wordsOfLoss(before: Topology, deed: string): readonly string[] {
  const headline = `**Nothing will be done: this pull request ${deed}.**`;
  if (before.state === 'absent') {
    return [headline, '', 'The file wants the cluster to be gone; once that is applied, it is needed no more.'];
  }
  return [
    headline,
    '',
    '> [!WARNING]',
    '> The cluster stays as it is, with all its data. After the merge no file is about it: nothing is planned, applied or looked at.',
    '',
    `**To remove the cluster** keep the file and say ${code('state: absent')} in it; the step that applies needs ${code('allow: destroy')}. Delete the file when that is applied.`,
  ];
}

function wordsOfHeir({ name }: Topology, deed: string, heir: string): readonly string[] {
  return [
    `**The same cluster is called ${code(heir)} from now on:** this pull request ${deed}.`,
    '',
    `What is planned stands in the comment about ${code(heir)}. The lock goes by the name: end what is at work under ${code(name)} before the merge. The issue about drift goes by the file: close one about the old file by hand.`,
  ];
}
