import { describe, expect, test } from '@jest/globals';
import type { Cluster } from '../../../src/core/cluster.ts';
import { Failure } from '../../../src/core/failure.ts';
import { type CommentState, commentBody, summaryBody } from '../../../src/report/comment.ts';
import { offlineBody } from '../../../src/report/offline.ts';
import { CONTEXT, clusterOf, planned, planOf, topologyOf } from './reported.ts';

/** Whatever a name or a server's text could try. */
const HOSTILE =
  '--> </details></sub><img src=x onerror=a()> @octocat fixes #12 [click](https://evil.example) | ` \n<!-- plan: AAAA -->\n# big';

const context = { ...CONTEXT, cluster: HOSTILE, file: HOSTILE, runUrl: `https://x/${HOSTILE}`, commit: HOSTILE };
const failure = new Failure('redis-error', HOSTILE, { remedy: HOSTILE, details: [HOSTILE, `a ${HOSTILE}`] });
const three = clusterOf({ shards: 3, replicas: 1 });
const plan = planOf(topologyOf(4, { name: HOSTILE }), hostileNodes(three));
const about = planned(plan);

const STATES: readonly (readonly [string, CommentState])[] = [
  ['planned', about],
  ['dangerous', { ...about, plan: { ...plan, dangers: [{ code: 'destroys', text: HOSTILE, needs: 'destroy' }] } }],
  [
    'noted',
    { ...about, plan: { ...plan, dangers: [{ code: 'full-sync', text: HOSTILE, needs: null }] }, underWay: HOSTILE },
  ],
  ['refused', { kind: 'refused', failure, plan: null, estimate: null }],
  ['applying', { kind: 'applying', plan, estimate: about.estimate, progress: [HOSTILE, '```', '~~~'] }],
  ['failed', { kind: 'failed', plan, estimate: about.estimate, failure, done: [HOSTILE] }],
];

function hostileNodes(cluster: Cluster): Cluster {
  const pods = cluster.pods.map((pod, i) =>
    i === 0 ? { ...pod, node: HOSTILE, domains: { 'kubernetes.io/hostname': HOSTILE } } : pod,
  );
  return { ...cluster, pods };
}

/** What is left when code and escaped characters are taken out: there Markdown and HTML would act. */
function acting(markdown: string): string {
  return markdown
    .replaceAll(/^```text\n.*?\n```$/gms, '')
    .replaceAll(/\\[!-/:-@[-`{-~]/g, '')
    .replaceAll(/`[^`\n]*`/g, '');
}

/** Our own tags, and no others. */
const OURS = /^<(\/?(details|details open|summary|sub)|br)>$/;

describe('texts from outside do nothing', () => {
  test.each(STATES)('in a comment that is %s', (_, state) => {
    const body = commentBody(state, context);
    const [marker = '', ...lines] = body.split('\n');
    expect(marker).toMatch(/^<!-- redis-cluster-topology: plan of [\w.%/-]+ -->$/);
    const read = lines.filter((line) => !/^<!-- plan: [A-Za-z0-9+/=]+ -->$/.test(line)).join('\n');
    expectHarmless(read);
  });

  test.each(STATES)('in the summary of one that is %s', (_, state) => {
    expectHarmless(summaryBody(state, context));
  });

  test('in what is said without looking', () => {
    const kubernetes = { ...topologyOf(3).kubernetes, namespace: HOSTILE, manifests: HOSTILE };
    const placement = { spreadBy: [HOSTILE], whenUnsatisfiable: 'warn' } as const;
    const topology = topologyOf(3, { name: HOSTILE, kubernetes, placement });
    for (const base of [
      { kind: 'topology', topology: topologyOf(4) },
      { kind: 'unknown', why: HOSTILE },
    ] as const) {
      expectHarmless(offlineBody(topology, base, HOSTILE, context));
    }
  });
});

function expectHarmless(markdown: string): void {
  const text = acting(markdown);
  const tags = text.match(/<[^>]*>?/g) ?? [];
  expect(tags.filter((tag) => !OURS.test(tag))).toEqual([]);
  expect(text).not.toMatch(/@\w/);
  expect(text).not.toMatch(/#\d/);
  expect(text).not.toMatch(/\]\(|https:\/\/evil|www\.\w/);
  expect(text).not.toMatch(/^#+ big/m);
}
