import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { slotOwners } from '../../src/core/cluster.ts';
import { count } from '../../src/core/slots.ts';
import { type StandingCluster, standUp } from '../e2e/support/standing-cluster.ts';
import { Chance } from '../support/chance.ts';
import { differences, type KeyDigest, loadEveryType } from '../support/dataset.ts';
import { Deck, missing } from './faults.ts';
import { record } from './record.ts';
import { playRound, type Round } from './round.ts';

/** The same seed makes the same choices; how far the servers are at each of them is another matter. */
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** After these no round is begun, unless a kind of fault has not struck yet. */
const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 600);
/** Milliseconds that it may take beyond that until each has. */
const MORE = 300_000;

let cluster: StandingCluster;
let dataset: ReadonlyMap<string, KeyDigest>;

beforeAll(async () => {
  process.stdout.write(`chaos: CHAOS_SEED=${SEED} CHAOS_SECONDS=${SECONDS}\n`);
  cluster = await standUp('chaos');
  await loadEveryType({ pods: (await cluster.live.look()).pods, redis: cluster.live.redis }, { each: 1_500 });
  dataset = await cluster.live.keys();
}, 240_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
}, 120_000);

test(
  'whatever happens while the cluster grows and shrinks, applying again ends as declared, and no key is lost',
  async () => {
    const chance = new Chance(SEED);
    const deck = new Deck(chance);
    const rounds: Round[] = [];
    const end = Date.now() + SECONDS * 1_000;
    const unstruck = () => missing(rounds.flatMap(({ strikes }) => strikes));
    while (Date.now() < end || unstruck().length > 0) {
      if (Date.now() > end + MORE) throw new Error(`Never struck: ${unstruck().join('; ')}.`);
      const round = await playRound(
        cluster,
        { chance, deck },
        {
          number: rounds.length,
          before: rounds.at(-1) ?? { shards: 3, replicas: 1 },
        },
      );
      rounds.push(round);
      const strikes = round.strikes.map(({ fault, hit }) => `${fault} (${hit})`).join(', ');
      process.stdout.write(
        `chaos ${rounds.length}: ${round.shards} × ${round.replicas}, ${strikes}, ${round.runs.join('; ')}, ${Math.round(round.seconds)} s\n`,
      );

      const seen = await cluster.live.settled();
      expect(slotOwners(seen).map(({ slots }) => count(slots))).toHaveLength(round.shards);
      expect(seen.members.filter((member) => member.role === 'replica')).toHaveLength(round.shards * round.replicas);
      const keys = await cluster.live.keys();
      expect(differences(dataset, new Map([...keys].filter(([key]) => dataset.has(key))))).toEqual([]);
      expect(round).toMatchObject({ wrong: 0, stale: 0, differences: [] });
      if (round.strikes.every(({ fault }) => fault !== 'a pod is deleted')) expect(round.errors).toBe(0);
      expect(round.second).toBe('no-changes');
    }
    if (process.env['CHAOS_RECORD'] !== undefined) await record({ seed: SEED, keys: dataset.size, rounds });
  },
  SECONDS * 1_000 + 600_000,
);
