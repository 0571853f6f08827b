import type { Declared } from '../core/declared.ts';
import { asFailure } from '../core/failure.ts';
import type { Place } from '../core/topology.ts';
import { footer } from '../report/footer.ts';
import { type LeftBehind, leftBehindBody, leftBehindLine, withdrawnBody } from '../report/left-behind.ts';
import { ANY_COMMENT, subjectOf } from '../report/marker.ts';
import { type Desk, topologyAt } from './desk.ts';
import { emptyOutcome, type Outcome } from './outcome.ts';
import { contextOf, postText } from './post.ts';

/** Milliseconds for what is told beside the plans; where GitHub is out of reach they have waited for it already. */
const PATIENCE = 20_000;

/**
 * Says of every cluster whose file the pull request deletes or renames what that means: who deletes a file may think that
 * the cluster goes with it. Where another file is about the same cluster under the same name, that one's comment says all.
 * Never throws: a plan is no worse for what cannot be told beside it.
 * @param declared what the pull request declares
 */
export async function tellLeftBehind(declared: Declared, desk: Desk): Promise<readonly Outcome[]> {
  if (!hasComments(desk)) return [];
  const time = AbortSignal.timeout(PATIENCE);
  const hurried = { ...desk, stop: AbortSignal.any([desk.stop, time]) };
  let outcomes: readonly Outcome[] = [];
  try {
    const left = await leftBehind(declared, hurried);
    outcomes = await Promise.all(left.map((one) => tell(one, desk)));
    await withdraw(new Set([...filesOf(declared), ...left.map(({ before }) => before.file)]), declared, hurried);
  } catch (thrown) {
    const why = time.aborted ? `GitHub gave no answer within ${PATIENCE / 1000} s.` : asFailure(thrown).message;
    desk.runner.info(`Whether a topology file is deleted is not known. ${why}`);
  }
  return outcomes;
}

function hasComments({ occasion: { pullRequest }, request }: Desk): boolean {
  return request.command === 'plan' && request.comment && pullRequest?.closed === false;
}

function filesOf({ topologies, broken }: Declared): readonly string[] {
  return [...topologies, ...broken].map(({ file }) => file);
}

async function leftBehind(declared: Declared, desk: Desk): Promise<readonly LeftBehind[]> {
  const { github, stop: signal } = desk;
  const { pullRequest, base } = desk.occasion;
  if (pullRequest === null || base === null || github === null) return [];
  const left: LeftBehind[] = [];
  for (const { path, to } of await github.leftFiles(pullRequest.number, { signal })) {
    const file = desk.files.topologyOf(path);
    const before = file === null ? null : await topologyAt(desk.files, file, base);
    if (file === null || before === null || filesOf(declared).includes(file)) continue;
    const heir = declared.topologies.find(({ kubernetes }) => isSame(kubernetes, before.kubernetes));
    if (heir?.name === before.name) continue;
    left.push({ before, to: to === null ? null : (desk.files.topologyOf(to) ?? to), heir: heir?.name ?? null });
  }
  return left;
}

function isSame(one: Place, other: Place): boolean {
  return one.namespace === other.namespace && one.statefulSet === other.statefulSet;
}

async function tell(left: LeftBehind, desk: Desk): Promise<Outcome> {
  const summary = leftBehindLine(left);
  const report = leftBehindBody(left, contextOf(left.before, desk));
  if (left.heir === null && left.before.state === 'present') desk.runner.warning(summary);
  else desk.runner.info(summary);
  const commentUrl = await postText(left.before, desk, report);
  return { ...emptyOutcome(left.before), result: 'no-changes', summary, report, commentUrl };
}

/**
 * Turns comments of earlier commits about files that are not there any more: a plan there would never be applied, and mistakes
 * need not be mended. Those of
 * other workflows stay: they are about files that this run is not given.
 */
async function withdraw(told: ReadonlySet<string>, { topologies }: Declared, desk: Desk): Promise<void> {
  const { github, stop: signal } = desk;
  const { pullRequest } = desk.occasion;
  if (github === null || pullRequest === null || pullRequest.foreign) return;
  for (const { body } of await github.ownComments(pullRequest.number, ANY_COMMENT, { signal })) {
    const subject = subjectOf(body);
    if (subject === null || told.has(subject.file) || !desk.files.isTopology(subject.file)) continue;
    const heir = topologies.find(({ name }) => name === subject.cluster)?.file ?? null;
    const text = withdrawnBody(subject, heir);
    if (body.includes(text)) continue;
    const { runUrl, commit } = desk.occasion;
    await postText(subject, desk, [text, '', footer({ file: subject.file, runUrl, commit }, null)].join('\n'));
    desk.runner.info(`${subject.file} is not there any more; its comment says so.`);
  }
}
