import { writeFile } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { table } from '../../scripts/table.ts';
import { FAULTS } from './faults.ts';
import type { Round } from './round.ts';

const HEAD = ['what happened in the middle', 'injected', 'that apply went on to the end', 'another apply ended it'];
const PAGE = new URL('../../docs/reliability.md', import.meta.url);

export interface Campaign {
  readonly seed: number;
  /** Of the dataset that was compared after each round. */
  readonly keys: number;
  readonly rounds: readonly Round[];
}

/** Writes docs/reliability.md. */
export async function record({ seed, keys, rounds }: Campaign): Promise<void> {
  const sum = (of: (round: Round) => number): string =>
    rounds.reduce((total, round) => total + of(round), 0).toLocaleString('en');
  const strikes = rounds.flatMap((round) => round.strikes);
  const rows = FAULTS.map((fault) => {
    const those = strikes.filter((strike) => strike.fault === fault);
    const wentOn = those.filter((strike) => strike.wentOn).length;
    return [fault, String(those.length), String(wentOn), String(those.length - wentOn)];
  });
  const lines = [
    '# Reliability',
    '',
    'What `npm run test:chaos` did last when it was recorded: on a real Kubernetes the cluster grows and shrinks at random, 3 to 5 shards with 1 or 2',
    'replicas each, while clients write and read and something goes wrong in the middle of the apply. Then apply is run again, as a user',
    'would, until it is done; up to three applies of a round are struck. After every round: each slot has its owner, all nodes agree, every key of',
    'the dataset holds what it held, every acknowledged write is there, a second plan is empty. One difference and the test fails, and this page is',
    'not written: so all that is counted here was survived. What came after the apply had ended is not counted.',
    '',
    table(HEAD, rows),
    '',
    `${rounds.length} rounds with ${sum((round) => round.runs.length)} applies in ${Math.round(rounds.reduce((total, round) => total + round.seconds, 0) / 60)} minutes. Compared after each: ${keys.toLocaleString('en')} keys of every type. Clients made ${sum((round) => round.writes)} writes and`,
    `${sum((round) => round.reads)} reads: wrong ${sum((round) => round.wrong)}, stale ${sum((round) => round.stale)}. Keys lost: ${sum((round) => round.differences.length)}.`,
    '',
    `Errors that clients saw: ${sum((round) => round.errors)}. They may see some in rounds in which a pod is deleted, and in no others: its connections end. The replica takes over before (\`preStop\` of \`manifests/\`), so nothing is lost.`,
    '',
    `\`CHAOS_SEED=${seed}\`, ${new Date().toISOString().slice(0, 10)}, ${platform()} ${arch()}, ${cpus().length} cores for Kubernetes, servers and clients together. Again: \`CHAOS_RECORD=1 npm run test:chaos\`.`,
    '',
  ];
  await writeFile(PAGE, lines.join('\n'));
}
